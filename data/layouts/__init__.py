"""Layouts: how a collection lies on disk, one file each; the file is the registration.

A layout is a module with `TREE` (a picture of it), `evidence(root)` (whether a folder is one, and
what was looked for and found), `inside(root)` (what in a folder is a collection of its own) and
`scan(root, skipped)` (its files with all that names and folders say about them). Every layout is
asked about a folder; it has the one that claims it, and where two do the user says which.
"""

import functools
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from data.folder_glimpse import glimpse
from data.folder_walk import FolderListing
from data.suggestions import did_you_mean

# How far below a root collections are looked for: levels, and folders and entries of each.
DEPTH = 3
LOOKED_AT = 1000
_SPLITS = frozenset({"train", "val", "valid", "validation", "test"})


class FoundImage(NamedTuple):
    """A file of a collection and what its place says; it has not been opened."""

    path: str  # relative to the root, with forward slashes
    label: int  # 0 real, 1 fake
    generator: str  # of a real: the generator whose folder holds it, "" where there is none
    split: str  # train, validation or test
    class_name: str  # "" where unknown
    pair: str  # images that must never be parted by a split; "" where the image stands alone
    real_set: str  # the collection of a real; "" for fakes


class LayoutEvidence(NamedTuple):
    """What a layout says of a folder."""

    is_claim: bool  # the folder has this layout
    words: str  # what was found; where it is no claim, what was looked for as well


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


def first_of(root: Path, folders: Sequence[Path]) -> str:
    """The first of some folders below a root, and how many more there are, for people."""
    more = f" and {len(folders) - 1} more" if len(folders) > 1 else ""
    return f"{folders[0].relative_to(root).as_posix()}/{more}"


def refused_folder(root: Path, folder: Path) -> FoundImage:
    """A folder that cannot be listed, as `scan` yields it: the index makes it a problem."""
    return FoundImage(folder.relative_to(root).as_posix(), 0, "", "", "", "", "")


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


@functools.cache
def names() -> tuple[str, ...]:
    """The known layouts."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Layout:
    """The layout of a name.

    Raises:
        UnknownLayout: there is none.
    """
    if name not in names():
        raise UnknownLayout(f"layout {name!r}", f"is not known. {did_you_mean(name, names())}")
    return cast(Layout, importlib.import_module(f"{__name__}.{name}"))


def trees() -> list[str]:
    """The picture of every layout, as lines for people."""
    return ["the trees that are read:", *(line for name in names() for line in tree(name))]


def tree(name: str) -> list[str]:
    """The picture of one layout, as lines for people."""
    return [f"  {name}", *(f"    {line}" for line in load(name).TREE.splitlines())]


def detect(root: Path) -> tuple[str, str]:
    """The layout of a folder and the reason for it.

    Raises:
        RootTooHigh: its folders are collections, or some folders below them.
        SeveralLayouts: more than one layout claims it.
        UnknownLayout: no layout does.
        OSError: it cannot be listed.
    """
    listed = FolderListing(root)
    evidence = {name: load(name).evidence(root, listed) for name in names()}
    claims = [name for name, each in evidence.items() if each.is_claim]
    inside = _inside(root, listed) if claims else Inside(list(collections_below(root)), [])
    if inside.collections:
        raise _too_high(root, inside)
    lines = [f"  {name}: {each.words}" for name, each in evidence.items()]
    if len(claims) > 1:
        raise SeveralLayouts(
            root,
            f"has {len(claims)} layouts: {' and '.join(claims)}",
            [
                "found:",
                *(
                    line
                    for line, each in zip(lines, evidence.values(), strict=True)
                    if each.is_claim
                ),
            ],
            claims,
        )
    if claims:
        return claims[0], evidence[claims[0]].words
    seen = glimpse(root)
    if seen.is_empty:
        raise UnknownLayout(root, "is empty: there is no file in it", trees())
    raise UnknownLayout(
        root,
        f"has no layout that is known here ({', '.join(names())})",
        ["found:", *(f"  {line}" for line in seen.lines), "looked for:", *lines, *trees()],
    )


def _inside(root: Path, listed: FolderListing) -> Inside:
    each = [load(name).inside(root, listed) for name in names()]
    return Inside(
        [folder for one in each for folder in one.collections],
        [folder for one in each for folder in one.generators],
    )


def _too_high(root: Path, inside: Inside) -> RootTooHigh:
    found = collections_below(root)
    if inside.generators:  # single generators are collections too, but here they are the root's
        found = {
            path: words
            for path, words in found.items()
            if any(path.is_relative_to(above) for above in inside.collections)
        }
    if not found:  # beyond the bounds
        found = dict.fromkeys(inside.collections, "several generators")
    deep = max(len(path.relative_to(root).parts) for path in found)
    levels = "one folder" if deep == 1 else f"{deep} folders"
    number = "a collection" if len(found) == 1 else f"{len(found)} collections"
    return RootTooHigh(
        root,
        f"holds {number} beside generators"
        if inside.generators
        else f"is {levels} too high: it is no collection, but holds {number}",
        ["found:", *(f"  {path}: {words}" for path, words in found.items())],
        tuple(found),
        inside.generators,
    )


def collections_below(root: Path) -> dict[Path, str]:
    """The nearest folders below a root that are collections, with layout and reason in words.

    A split alone is none, nor is what lies in it: its folders may be no generators. The work is
    bounded: `DEPTH` levels, `LOOKED_AT` folders and entries of each.
    """
    listed = FolderListing(root, at_most=LOOKED_AT)
    found: dict[Path, str] = {}
    level = [root]
    for _ in range(DEPTH):
        inner = [each for folder in level for each in listed(folder)]
        level = []
        for folder in inner:
            words = _collection(folder, listed)
            if words:
                found[folder] = words
            elif folder.name.lower() not in _SPLITS:
                level.append(folder)
    return dict(sorted(found.items()))


def _collection(folder: Path, listed: FolderListing) -> str:
    found = []
    for name in names() if folder.name.lower() not in _SPLITS else ():
        evidence = load(name).evidence(folder, listed)
        if evidence.is_claim and not load(name).inside(folder, listed).collections:
            found.append(f"{name} layout, {evidence.words}")
    return "; also ".join(found)
