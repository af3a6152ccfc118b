"""Layouts: how a collection lies on disk, one file each; the file is the registration.

A layout is a module with `TREE` (a picture of it), `evidence(root)` (whether a folder is one, and
what was looked for and found), `inside(root)` (what in a folder is a collection of its own) and
`scan(root, skipped)` (its files with all that names and folders say about them). Which of them a
folder has is found by asking every one (`data/layout_detection.py`).

`PLACE` says who is asked first: FIRST where a layout is another one's with more said about it,
GENERAL where its rule is so wide that a collection known by name goes before it; else PARTICULAR.
A layout that takes options has `configured(options)`; in the experiment they stand in parentheses,
`layout: "table(fake=1)"`.
"""

import functools
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from data.folder_walk import FolderListing
from data.layout_refusals import (
    RootTooHigh,
    SeveralLayouts,
    UnclearLabels,
    UnclearList,
    UnknownLayout,
)
from data.suggestions import did_you_mean

__all__ = [
    "FoundImage",
    "Inside",
    "Layout",
    "LayoutEvidence",
    "RootTooHigh",
    "SeveralLayouts",
    "UnclearLabels",
    "UnclearList",
    "UnknownLayout",
]

FIRST, PARTICULAR, GENERAL = 0, 1, 2  # values of PLACE

_CORRECT_LAYOUT = "Correct the layout, or leave it out and it is detected"


class FoundImage(NamedTuple):
    """A file of a collection and what its place says; it has not been opened."""

    path: str  # relative to the root, with forward slashes
    label: int  # 0 real, 1 fake
    # of a real: the generator whose folder holds it, "" where it stands beside all of them, and
    # several joined by `generators.SEVERAL` where it stands beside these
    generator: str
    split: str  # train, validation or test
    class_name: str  # "" where unknown
    pair: str  # images that must never be parted by a split; "" where the image stands alone
    real_set: str  # the collection of a real; "" for fakes


class LayoutEvidence(NamedTuple):
    """What a layout says of a folder."""

    is_claim: bool  # the folder has this layout
    words: str  # what was found; where it is no claim, what was looked for as well
    near: int = 0  # where it is no claim: how many folders or files of the layout there are
    samples: tuple[str, ...] = ()  # rows of a list as they are understood
    refusal: UnknownLayout | None = None  # why it is no claim, where it would be one else


class Inside(NamedTuple):
    """Folders in a root, told apart."""

    collections: list[Path]  # each a root of its own
    generators: list[Path]  # parts of the root, without a doubt


class Layout(Protocol):
    """What a layout module offers."""

    TREE: str
    """How its folders lie, one way a line: what is shown where a folder has no layout."""

    def evidence(self, root: Path, listed: FolderListing) -> LayoutEvidence:
        """Whether this folder has the layout, and what says so.

        `listed` may be bounded, where the folder is one of many that are looked at.

        Raises:
            OSError: the root cannot be listed.
        """

    def inside(self, root: Path, listed: FolderListing) -> Inside:
        """Whether the root is one folder too high: what in it is a collection of this layout."""

    def scan(self, root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
        """The files of the collection; what is left out by rule is counted in `skipped`.

        A folder that cannot be listed is yielded like a file, so that it is named.

        Raises:
            OSError: the root cannot be listed.
        """


def nothing_inside(root: Path, listed: FolderListing) -> Inside:
    """The `inside` of layouts whose root is never too high: its folders are parts of it."""
    return Inside([], [])


def first_of(root: Path, folders: Sequence[Path]) -> str:
    """The first of some folders below a root, and how many more there are, for people."""
    more = f" and {len(folders) - 1} more" if len(folders) > 1 else ""
    return f"{folders[0].relative_to(root).as_posix()}/{more}"


def refused_folder(root: Path, folder: Path) -> FoundImage:
    """A folder that cannot be listed, as `scan` yields it: the index makes it a problem."""
    return FoundImage(folder.relative_to(root).as_posix(), 0, "", "", "", "", "")


@functools.cache
def names() -> tuple[str, ...]:
    """The known layouts."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(text: str) -> Layout:
    """The layout of a name, with its options where it is followed by some in parentheses.

    Raises:
        UnknownLayout: there is none, or it takes no such option.
    """
    name, options = _parsed(text)
    if name not in names():
        raise UnknownLayout(
            f"layout {name!r}",
            f"is not known. {did_you_mean(name, names())}",
            mend=_CORRECT_LAYOUT,
        )
    module = importlib.import_module(f"{__name__}.{name}")
    if not options:
        return cast(Layout, module)
    if not hasattr(module, "configured"):
        raise UnknownLayout(
            f"layout {text!r}", f"has options, and {name} takes none", mend=_CORRECT_LAYOUT
        )
    return cast(Layout, module.configured(options))


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    """The parts of `name` or `name(key=value, ...)`."""
    name, parenthesis, rest = text.partition("(")
    if not parenthesis:
        return text, {}
    inner = rest.strip().removesuffix(")")
    pairs = [part.partition("=") for part in inner.split(",")]
    if not rest.strip().endswith(")") or any(not sign for _, sign, _ in pairs):
        raise UnknownLayout(
            f"layout {text!r}", "is not written as `name(option=value, ...)`", mend=_CORRECT_LAYOUT
        )
    return name.strip(), {key.strip(): value.strip() for key, _, value in pairs}


def place(name: str) -> int:
    """Who is asked first: FIRST, PARTICULAR or GENERAL."""
    return int(getattr(load(name), "PLACE", PARTICULAR))


def trees(near: Sequence[str] = ()) -> list[str]:
    """The pictures of the nearest layouts, as lines for people.

    Where none is near those that fit anybody's images are shown; the others are of collections
    that one knows by name, and are named.
    """
    general = [name for name in names() if place(name) == GENERAL]
    lines = [line for name in near or general for line in tree(name)]
    if near:
        return ["its tree:" if len(near) == 1 else "their trees:", *lines]
    others = ", ".join(name for name in names() if name not in general)
    return [
        "trees for images of your own:",
        *lines,
        f"layouts of published collections: {others}",
        "  the tree of one: crossgen index FOLDER --layout NAME",
    ]


def tree(name: str) -> list[str]:
    """The picture of one layout, as lines for people."""
    return [f"  {name}", *(f"    {line}" for line in load(name).TREE.splitlines())]
