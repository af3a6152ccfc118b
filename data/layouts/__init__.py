"""Layouts: how a collection lies on disk, one file each; the file is the registration.

A layout is a module with `TREE` (a picture of it), `evidence(root)` (whether a folder is one, and
what was looked for and found), `inside(root)` (what in a folder is a collection of its own) and
`scan(root, skipped)` (its files with all that names and folders say about them). Every layout is
asked about a folder; it has the one that claims it, and where two do the user says which.

`PLACE` says who is asked first: FIRST where a layout is another one's with more said about it,
GENERAL where its rule is so wide that a collection known by name goes before it; else PARTICULAR.
A layout that takes options has `configured(options)`; in the experiment they stand in parentheses,
`layout: "table(fake=1)"`.
"""

import functools
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from data.folder_glimpse import glimpse
from data.folder_walk import FolderListing
from data.layout_advice import list_that_would_do, nearest
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

# How far below a root collections are looked for: levels, and folders and entries of each.
DEPTH = 3
LOOKED_AT = 1000
_CORRECT_LAYOUT = "Correct the layout, or leave it out and it is detected"
_SPLITS = frozenset({"train", "val", "valid", "validation", "test"})


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


def detect(root: Path) -> tuple[str, str]:
    """The layout of a folder and the reason for it, with sample rows on lines of their own.

    Raises:
        RootTooHigh: its folders are collections, or some folders below them.
        SeveralLayouts: more than one layout claims it.
        UnknownLayout: no layout does.
        OSError: it cannot be listed.
    """
    listed = FolderListing(root)
    asked = {name: load(name).evidence(root, listed) for name in names() if place(name) < GENERAL}
    claims = _first_claims(asked)
    inside = _inside(root, listed) if claims else Inside(list(collections_below(root)), [])
    if inside.collections:
        raise _too_high(root, inside)
    if not claims:
        asked |= {name: load(name).evidence(root, listed) for name in names() if name not in asked}
        claims = _first_claims(asked)
    if len(claims) > 1:
        raise SeveralLayouts(
            root,
            f"has {len(claims)} layouts: {' and '.join(claims)}",
            ["found:", *(f"  {name}: {asked[name].words}" for name in claims)],
            claims,
        )
    if claims:
        return claims[0], "\n    ".join([asked[claims[0]].words, *asked[claims[0]].samples])
    for each in asked.values():
        if each.refusal is not None:
            raise each.refusal
    raise _unknown(root, {name: asked[name] for name in names()})


def _first_claims(asked: Mapping[str, LayoutEvidence]) -> list[str]:
    """The layouts that claim a folder and stand in the first place of those that do."""
    claims = [name for name, each in asked.items() if each.is_claim]
    first = min((place(name) for name in claims), default=0)
    return [name for name in claims if place(name) == first]


def _unknown(root: Path, asked: Mapping[str, LayoutEvidence]) -> UnknownLayout:
    seen = glimpse(root)
    near = nearest({name: each.near for name, each in asked.items()})
    if seen.is_empty:
        return UnknownLayout(root, "is empty: there is no file in it", trees())
    return UnknownLayout(
        root,
        "has no layout that is known here",
        [
            "found:",
            *(f"  {line}" for line in seen.lines),
            "looked for:",
            *(f"  {name}: {each.words}" for name, each in asked.items()),
            *([f"nearest: {' and '.join(near)}"] if near else []),
            *list_that_would_do(root),
            *trees(near),
        ],
    )


def _inside(root: Path, listed: FolderListing) -> Inside:
    asked = [name for name in names() if place(name) < GENERAL]
    each = [load(name).inside(root, listed) for name in asked]
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
    if folder.name.lower() in _SPLITS:
        return ""
    for name in names():
        if place(name) == GENERAL:
            continue
        try:
            evidence = load(name).evidence(folder, listed)
            is_one = evidence.is_claim and not load(name).inside(folder, listed).collections
        except OSError:  # the layout of the root names it
            return ""
        if is_one:
            found.append(f"{name} layout, {evidence.words}")
    return "; also ".join(found)
