"""ForenSynths, CNNDetection's collection (arXiv 1912.11035), and what is laid out like TREE.

That is AIGCDetectBenchmark's test sets, GANGen-Detection, DiffusionForensics as NPR repacked it,
Diffusion1kStep, AIGIBench: their generators tell them apart, and the evidence says which it is.
In `train` and `val` are ProGAN's 20 LSUN categories, directly or below `progan`; in `test` ProGAN,
CycleGAN, StyleGAN 1 and 2 have classes. The root is the whole tree, one split of it, or one
generator. The root of one split says by its own name which it is ("progan_train"); one that does
not say is a test set. `val` is the validation split.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import generator
from data.known_collections import recognition
from data.layouts import FoundImage, Inside, LayoutEvidence, first_of, refused_folder

TREE = """\
{train,val,test}/GENERATOR/{0_real,1_fake}/
{train,val,test}/GENERATOR/CLASS/{0_real,1_fake}/  progan, cyclegan, stylegan
{train,val}/CATEGORY/{0_real,1_fake}/              progan's, from LSUN
GENERATOR/{0_real,1_fake}/                         the root is one split"""
_LABELS = {"0_real": 0, "1_fake": 1}
_SPLITS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
# With a trap in it: "train" is a category as well, and then holds labels itself.
# fmt: off
_LSUN_CATEGORIES = frozenset({
    "airplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train",
    "tvmonitor",
})
_OTHER_CLASSES = {"apple", "bedroom", "church", "orange", "summer", "winter", "zebra"}
# fmt: on
_CLASSES = _LSUN_CATEGORIES | _OTHER_CLASSES
_HAVE_CLASSES = frozenset({"progan", "cyclegan", "stylegan", "stylegan2"})


class _Home(NamedTuple):
    """A folder with `0_real`, `1_fake` or both in it."""

    folder: Path
    split: str
    generator: str
    class_name: str = ""


class _Tree(NamedTuple):
    homes: list[_Home]
    left_out: list[Path]  # folders in a generator's place that are none


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name the generators found, if there is a folder with both `0_real` and `1_fake`."""
    homes = _tree(root, listed).homes
    if not any(_is_whole(home.folder, listed) for home in homes):
        words = _almost(root, homes, listed)
        near = 0 if words.startswith("none") else 1 + len(homes)
        return LayoutEvidence(False, f"looked for {{0_real,1_fake}}, found {words}", near)
    found = sorted({home.generator for home in homes})
    splits = sorted({home.split for home in homes})
    return LayoutEvidence(
        True,
        f"folders {{0_real,1_fake}} of "
        f"{counted(len(found), 'generator')}: {', '.join(found)}; taken as {', '.join(splits)}"
        f"{recognition(found)}",
    )


def _almost(root: Path, homes: list[_Home], listed: FolderListing) -> str:
    """What of the layout was found in a folder that does not have it."""
    if homes:
        labels = [label for home in homes for label in _labelled(home.folder, listed)]
        return f"{first_of(root, labels)} without the other"
    places = [root, *listed(root)]
    labels = [label for folder in places for label in _labelled(folder, listed)]
    return (
        f"{first_of(root, labels)}, where no generator is named"
        if labels
        else "none where they belong"
    )


def inside(root: Path, listed: FolderListing) -> Inside:
    """Tell generators from whole trees and single splits of them, which would be left out."""
    found = Inside([], [])
    inner = listed(root)
    labelled = _names([folder for folder in inner if _labelled(folder, listed)])
    is_generator = generator(root.absolute().name).name in _HAVE_CLASSES and labelled <= _CLASSES
    if _labelled(root, listed) or (labelled and is_generator):
        return found
    for folder in inner:
        is_split = folder.name.lower() in _SPLITS
        homes = [] if is_split else _of_generator(folder, "test", listed).homes
        if homes and not _is_split_of_progan(folder, homes):
            found.generators.append(folder)
        elif homes or (not is_split and _holds_generators(folder, listed)):
            found.collections.append(folder)
    return found


def _is_split_of_progan(folder: Path, homes: list[_Home]) -> bool:
    """Whether a folder is called like `progan_train` and holds categories, not a generator's."""
    categories = {home.class_name.lower() for home in homes}
    is_known = generator(folder.name).name in _HAVE_CLASSES
    return not is_known and _split_named(folder) is not None and categories <= _LSUN_CATEGORIES


def _holds_generators(folder: Path, listed: FolderListing) -> bool:
    return len({home.generator for home in _tree(folder, listed).homes}) > 1


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file below the `0_real` and `1_fake` folders.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    tree = _tree(root, listed)
    for folder in tree.left_out:
        if folder not in listed.refused:
            skipped[f"folder {folder.relative_to(root).as_posix()} without 0_real or 1_fake"] += 1
    for folder in listed.refused:
        if folder.name.lower() not in _LABELS:  # those are walked, and named, below
            yield refused_folder(root, folder)
    places = [
        (folder, (_LABELS[folder.name.lower()], home))
        for home in tree.homes
        for folder in _labelled(home.folder, listed)
    ]
    for (label, home), path in files_below_each(root, places, skipped):
        real_set = "" if label else f"{home.generator}/0_real"
        yield FoundImage(path, label, home.generator, home.split, home.class_name, "", real_set)


def _tree(root: Path, listed: FolderListing) -> _Tree:
    name = root.absolute().name
    inner = listed(root)
    labelled = [folder for folder in inner if _labelled(folder, listed)]
    if _labelled(root, listed):
        if name.lower() in _SPLITS:
            return _Tree([], [])  # labels without a generator: Chameleon's, not these
        return _Tree([_Home(root, _split_of_generator(root), generator(name).name)], [])
    if labelled and generator(name).name in _HAVE_CLASSES and _names(labelled) <= _CLASSES:
        return _of_classes(root, labelled, inner, _split_of_generator(root))
    if _splits_hold_labels(labelled):
        return _Tree([], inner)
    tree = _Tree([], [])
    for folder in inner:
        split = _SPLITS.get(folder.name.lower())
        if split and folder not in labelled:
            parts = [_of_generator(each, split, listed) for each in listed(folder)]
        else:
            parts = [_of_generator(folder, _split_named(root) or "test", listed)]
        for part in parts:
            tree.homes.extend(part.homes)
            tree.left_out.extend(part.left_out)
    return tree


def _of_generator(folder: Path, split: str, listed: FolderListing) -> _Tree:
    """The homes in a folder that has the place of a generator, or of a category of ProGAN's."""
    if _labelled(folder, listed):
        if folder.name.lower() in _LSUN_CATEGORIES:
            return _Tree([_Home(folder, split, "progan", folder.name)], [])
        return _Tree([_Home(folder, split, generator(folder.name).name)], [])
    inner = listed(folder)
    labelled = [each for each in inner if _labelled(each, listed)]
    # A folder of folders with labels may be another collection, whose generators are no classes.
    has_classes = _names(labelled) <= _CLASSES
    if labelled and (has_classes or generator(folder.name).name in _HAVE_CLASSES):
        return _of_classes(folder, labelled, inner, split)
    return _Tree([], [folder])


def _of_classes(folder: Path, labelled: list[Path], inner: list[Path], split: str) -> _Tree:
    name = generator(folder.absolute().name).name
    return _Tree(
        [_Home(each, split, name, each.name) for each in labelled],
        [each for each in inner if each not in labelled],
    )


def _splits_hold_labels(labelled: list[Path]) -> bool:
    """Whether labels lie directly in a split (WildRF, Chameleon): then no generator is named."""
    names = _names(labelled)
    # Among other categories "train" is the railway's.
    is_category = bool(names & _LSUN_CATEGORIES - {"train"})
    return bool(names & (_SPLITS.keys() - ({"train"} if is_category else set())))


def _split_of_generator(root: Path) -> str:
    return _split_named(root) or _SPLITS.get(root.absolute().parent.name.lower(), "test")


def _split_named(root: Path) -> str | None:
    """The one split that a root's name states, as "progan_train" does."""
    for name in (root.absolute().name, root.resolve().name):
        stated = {_SPLITS[part] for part in re.split(r"[\W_]+", name.lower()) if part in _SPLITS}
        if len(stated) == 1:
            return stated.pop()
    return None


def _is_whole(folder: Path, listed: FolderListing) -> bool:
    return _names(_labelled(folder, listed)) == _LABELS.keys()


def _labelled(folder: Path, listed: FolderListing) -> list[Path]:
    return [inner for inner in listed(folder) if inner.name.lower() in _LABELS]


def _names(folders: list[Path]) -> set[str]:
    return {folder.name.lower() for folder in folders}
