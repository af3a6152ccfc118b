"""What is raised of a folder, or of a layout's name, that cannot be read as it was meant."""

from collections.abc import Sequence
from pathlib import Path


class UnknownLayout(ValueError):
    """A layout's name that is not known, or a folder that has no known layout.

    `what` is the name or the folder, `why` what is said of it; `details` are lines to show below:
    what lies there, and the trees that are read.
    """

    def __init__(self, what: str | Path, why: str, details: Sequence[str] = ()) -> None:
        super().__init__(f"{what} {why}")
        self.what, self.why = str(what), why
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
    """A list of images that cannot be read as it stands; `mend` is what to write."""

    def __init__(self, what: str | Path, why: str, mend: str, details: Sequence[str] = ()) -> None:
        super().__init__(what, why, details)
        self.mend = mend


class UnclearLabels(UnclearList):
    """A list of images that does not say which of its values is real."""
