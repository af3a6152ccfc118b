"""Which layout a folder has: every layout is asked; where two claim it the user says which."""

from collections.abc import Mapping
from pathlib import Path

from data import layouts
from data.folder_glimpse import glimpse
from data.folder_walk import FolderListing
from data.layout_advice import list_that_would_do, nearest
from data.layout_refusals import RootTooHigh, SeveralLayouts, UnknownLayout
from data.layouts import Inside, LayoutEvidence

# How far below a root collections are looked for: levels, and folders and entries of each.
DEPTH = 3
LOOKED_AT = 1000
_SPLITS = frozenset({"train", "val", "valid", "validation", "test"})


def detect(root: Path) -> tuple[str, str]:
    """The layout of a folder and the reason for it, with sample rows on lines of their own.

    Raises:
        RootTooHigh: its folders are collections, or some folders below them.
        SeveralLayouts: more than one layout claims it.
        UnknownLayout: no layout does.
        OSError: it cannot be listed.
    """
    listed = FolderListing(root)
    asked = {
        name: layouts.load(name).evidence(root, listed)
        for name in layouts.names()
        if layouts.place(name) < layouts.GENERAL
    }
    claims = _first_claims(asked)
    inside = _inside(root, listed) if claims else Inside(list(collections_below(root)), [])
    if inside.collections:
        raise _too_high(root, inside)
    if not claims:
        asked |= {
            name: layouts.load(name).evidence(root, listed)
            for name in layouts.names()
            if name not in asked
        }
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
    raise _unknown(root, {name: asked[name] for name in layouts.names()})


def _particular() -> list[str]:
    """The layouts that are asked before those with a wide rule."""
    return [name for name in layouts.names() if layouts.place(name) < layouts.GENERAL]


def _first_claims(asked: Mapping[str, LayoutEvidence]) -> list[str]:
    """The layouts that claim a folder and stand in the first place of those that do."""
    claims = [name for name, each in asked.items() if each.is_claim]
    first = min((layouts.place(name) for name in claims), default=0)
    return [name for name in claims if layouts.place(name) == first]


def _unknown(root: Path, asked: Mapping[str, LayoutEvidence]) -> UnknownLayout:
    seen = glimpse(root)
    near = nearest({name: each.near for name, each in asked.items()})
    if seen.is_empty:
        return UnknownLayout(root, "is empty: there is no file in it", layouts.trees())
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
            *layouts.trees(near),
        ],
    )


def _inside(root: Path, listed: FolderListing) -> Inside:
    each = [layouts.load(name).inside(root, listed) for name in _particular()]
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
    for name in _particular():
        try:
            evidence = layouts.load(name).evidence(folder, listed)
            is_one = evidence.is_claim and not layouts.load(name).inside(folder, listed).collections
        except OSError:  # the layout of the root names it
            return ""
        if is_one:
            found.append(f"{name} layout, {evidence.words}")
    return "; also ".join(found)
