"""GenImage (arXiv 2306.08571) in the three ways of TREE, in which it is unpacked.

`val` serves as the test split, as in all published numbers. Only where there is a `test` folder
as well, `val` (or `valid`, `validation`) is the validation split.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import generator, is_known, plain_name
from data.imagenet_classes import imagenet_class
from data.known_collections import recognition
from data.layouts import FoundImage, Inside, LayoutEvidence, first_of, refused_folder

TREE = """\
GENERATOR/{train,val}/{ai,nature}/
GENERATOR/ARCHIVE/{train,val}/{ai,nature}/         as GenImage's archives unpack
{train,val}/{ai,nature}/                           the root is one generator"""
_LABELS = {"nature": 0, "ai": 1}
_VALIDATION_NAMES = ("val", "valid", "validation")


class _Home(NamedTuple):
    """A folder that holds the splits of one generator."""

    generator: str
    folder: Path


class _Tree(NamedTuple):
    homes: list[_Home]
    left_out: list[Path]  # folders in the place of a generator or an archive that hold no split


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name the generators found, if there are splits with `ai` or `nature` in them."""
    homes = _tree(root, listed).homes
    if not homes:
        places = [root, *listed(root)]
        splits = [inner for folder in places for inner in listed(folder) if _is_split(inner)]
        found = (
            f"{first_of(root, splits)} without ai or nature in it"
            if splits
            else "none where they belong"
        )
        words = f"looked for {{train,val}}/{{ai,nature}}, found {found}"
        return LayoutEvidence(False, words, len(splits))
    generators = sorted({home.generator for home in homes})
    return LayoutEvidence(
        True,
        f"folders {{train,val}}/{{ai,nature}} of "
        f"{counted(len(generators), 'generator')}: {', '.join(generators)}"
        f"{recognition(generators)}",
    )


def inside(root: Path, listed: FolderListing) -> Inside:
    """Tell generators from folders of generators, which would count as one generator each.

    Both hold folders with splits: a generator its archives, usually one. Where that is all that can
    be told, a folder of one is a generator and a folder of several is a collection.
    """
    found = Inside([], [])
    if _splits(root, listed):
        return found
    for folder in listed(root):
        if _splits(folder, listed):
            found.generators.append(folder)
            continue
        archives = [inner.name for inner in listed(folder) if _splits(inner, listed)]
        if _are_generators(folder.name, archives):
            found.collections.append(folder)
        elif archives and is_known(folder.name):
            found.generators.append(folder)
    return found


def _are_generators(outer: str, inner: list[str]) -> bool:
    """Whether folders with splits are generators of their own, not archives of the outer one."""
    named = {generator(name).name for name in inner if is_known(name)}
    if is_known(outer):
        return len(named - {generator(outer).name}) > 1
    if len(inner) == 1:
        return any(is_known(name) and not _is_archive(name) for name in inner)
    return len(inner) > 1 and not (len(named) == 1 and all(is_known(name) for name in inner))


def _is_archive(name: str) -> bool:
    """Whether a folder is called as GenImage's archives are, `imagenet_ai_0508_adm`."""
    return plain_name(name).startswith("imagenet_")


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file below the `ai` and `nature` folders.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    tree = _tree(root, listed)
    left_out = list(tree.left_out)
    places: list[tuple[Path, tuple[int, str, str]]] = []  # label, generator and split of each
    for home in tree.homes:
        splits = _splits(home.folder, listed)
        left_out += [inner for inner in listed(home.folder) if inner not in splits]
        for split_folder, split in splits.items():
            labelled = _labelled(split_folder, listed)
            left_out += [inner for inner in listed(split_folder) if inner not in labelled]
            places += [
                (inner, (_LABELS[inner.name.lower()], home.generator, split)) for inner in labelled
            ]
    for (label, name, split), path in files_below_each(root, places, skipped):
        real_set = "" if label else f"{name}/nature"
        yield FoundImage(path, label, name, split, _class_of(path), "", real_set)
    for folder in left_out:
        if folder not in listed.refused:
            skipped[
                f"folder {folder.relative_to(root).as_posix()} outside {{train,val}}/{{ai,nature}}"
            ] += 1
    for folder in listed.refused:
        yield refused_folder(root, folder)


def _tree(root: Path, listed: FolderListing) -> _Tree:
    if _splits(root, listed):
        # As the folder is called here: what a link points to is a disk's affair, unless it is
        # the only one of the two that is a generator's name.
        name = _known_first(root.absolute().name, root.resolve().name)
        return _Tree([_Home(generator(name).name, root)], [])
    tree = _Tree([], [])
    for folder in listed(root):
        if _splits(folder, listed):
            tree.homes.append(_Home(generator(folder.name).name, folder))
            continue
        archives = [inner for inner in listed(folder) if _splits(inner, listed)]
        # The archive's own folder says as much as the generator's where that has a strange name.
        tree.homes.extend(
            _Home(generator(_known_first(folder.name, inner.name)).name, inner)
            for inner in archives
        )
        others = [inner for inner in listed(folder) if inner not in archives]
        tree.left_out.extend(others if archives else [folder])
    return tree


def _splits(folder: Path, listed: FolderListing) -> dict[Path, str]:
    """The split folders in a folder that hold labelled images, with their canonical names."""
    candidates = {
        inner.name.lower(): inner
        for inner in listed(folder)
        if _is_split(inner) and _labelled(inner, listed)
    }
    validation = "validation" if "test" in candidates else "test"
    return {
        inner: validation if name in _VALIDATION_NAMES else name
        for name, inner in candidates.items()
    }


def _is_split(folder: Path) -> bool:
    return folder.name.lower() in {"train", "test", *_VALIDATION_NAMES}


def _labelled(split_folder: Path, listed: FolderListing) -> list[Path]:
    return [inner for inner in listed(split_folder) if inner.name.lower() in _LABELS]


def _known_first(first: str, second: str) -> str:
    return second if is_known(second) and not is_known(first) else first


def _class_of(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return imagenet_class(name) or imagenet_class(folder.rpartition("/")[2])
