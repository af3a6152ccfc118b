"""What is raised of a folder, or of a layout's name, that cannot be read as it was meant."""

from collections.abc import Sequence
from pathlib import Path

DAMAGED_FILE = "Fetch the file again, or take it out of the folder"


class UnknownLayout(ValueError):
    """A layout's name that is not known, or a folder that has no known layout.

    `what` is the name or the folder, `why` what is said of it; `details` are lines to show below:
    what lies there, and the trees that are read. `mend` is what to do, "" where that depends on
    where the folder was named.
    """

    def __init__(
        self, what: str | Path, why: str, details: Sequence[str] = (), *, mend: str = ""
    ) -> None:
        super().__init__(f"{what} {why}")
        self.what, self.why, self.mend = str(what), why, mend
        self.details = tuple(details)


class SeveralLayouts(UnknownLayout):
    """A folder that more than one layout claims; `layouts` are their names."""

    def __init__(
        self, what: Path, why: str, details: Sequence[str], layouts: Sequence[str]
    ) -> None:
        super().__init__(what, why, details)
        self.layouts = tuple(layouts)


class RootTooHigh(UnknownLayout):
    """A folder above collections instead of one of them; `roots` are theirs, where they stand.

    `mixed` are folders that belong to the given root itself, whose other folders are collections.
    """

    def __init__(
        self,
        what: Path,
        why: str,
        details: Sequence[str],
        roots: Sequence[Path],
        mixed: Sequence[Path],
    ) -> None:
        super().__init__(what, why, details)
        self.roots = tuple(roots)
        self.mixed = tuple(mixed)


class UnclearList(UnknownLayout):
    """A list of images that cannot be read as it stands.

    `layout` is what states how it is meant, and `meaning` what its word in capitals stands for;
    `otherwise` is what else would do, "" where nothing would.
    """

    def __init__(
        self,
        what: str | Path,
        why: str,
        layout: str,
        meaning: str,
        details: Sequence[str] = (),
        *,
        otherwise: str = "",
    ) -> None:
        super().__init__(what, why, details)
        self.layout, self.meaning, self.otherwise = layout, meaning, otherwise


class UnclearLabels(UnclearList):
    """A list of images that does not say which of its values is real."""
