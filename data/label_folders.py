"""Words for labels and splits in folders' names, and folders that hold one of each label.

A *leaf pair* is a folder with a folder of reals and one of fakes in it. Labels come from these
names, never from their order: sorted, REAL comes after FAKE and `nature` after `ai`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.folder_walk import FolderListing

REAL_FOLDERS = frozenset({"0_real", "real", "reals", "nature", "real_images"})
FAKE_FOLDERS = frozenset(
    {"1_fake", "fake", "fakes", "ai", "fake_images", "generated", "synthetic", "ai_generated"}
)
SPLITS = {
    "train": "train",
    "training": "train",
    "train2014": "train",
    "train2017": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
    # COCO's validation photographs: what is made from them is tested on (DRCT-2M, Synthbuster).
    "val2014": "test",
    "val2017": "test",
    "test2017": "test",
}
_DEPTH = 4  # folders between the root and a label


class LeafPair(NamedTuple):
    """A folder with labelled folders in it."""

    folder: Path
    above: tuple[str, ...]  # folders from the root to it, without splits
    split: str  # train, validation or test; "" where no folder says it
    labelled: dict[Path, int]


def label_of(folder: str) -> int | None:
    """0 where a folder's name says real, 1 where it says fake."""
    name = folder.lower()
    return 0 if name in REAL_FOLDERS else 1 if name in FAKE_FOLDERS else None


def labelled_folders(folder: Path, listed: FolderListing) -> dict[Path, int]:
    """The folders in a folder that say a label."""
    labels = {inner: label_of(inner.name) for inner in listed(folder)}
    return {inner: label for inner, label in labels.items() if label is not None}


def leaf_pairs(root: Path, listed: FolderListing, left_out: list[Path]) -> Iterator[LeafPair]:
    """Every folder below a root, or the root, that holds a label; folders are listed once.

    Args:
        root: to start at.
        listed: its folders.
        left_out: receives the folders that end without a label.
    """
    yield from _below(root, (), "", listed, left_out)


def _below(
    folder: Path, above: tuple[str, ...], split: str, listed: FolderListing, left_out: list[Path]
) -> Iterator[LeafPair]:
    labelled = labelled_folders(folder, listed)
    others = [inner for inner in listed(folder) if inner not in labelled]
    if labelled:
        yield LeafPair(folder, above, split, labelled)
    elif len(above) == _DEPTH or not others:
        left_out.append(folder)
        return
    for inner in others:
        stated = SPLITS.get(inner.name.lower())
        if stated:
            yield from _below(inner, above, stated, listed, left_out)
        else:
            yield from _below(inner, (*above, inner.name), split, listed, left_out)
