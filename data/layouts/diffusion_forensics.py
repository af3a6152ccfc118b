"""DiffusionForensics, DIRE's collection (arXiv 2303.09295), as its authors packed it.

In each subset (LSUN bedrooms, ImageNet, CelebA-HQ) `real` stands beside the generators that were
trained on it, so reals are paired with these alone. `recons` and `dire` are made from `images` and
hold no images of their own. NPR's repack with `0_real` and `1_fake` is the layout `forensynths`.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import SEVERAL, generator
from data.imagenet_classes import imagenet_class
from data.label_folders import SPLITS, label_of
from data.layouts import FoundImage, LayoutEvidence, nothing_inside, refused_folder

TREE = """\
[images/]{train,val,test}/SUBSET/{real,GENERATOR}/    SUBSET: lsun_bedroom, imagenet, celebahq"""
inside = nothing_inside
_MADE_FROM_IMAGES = frozenset({"recons", "dire"})


class _Subset(NamedTuple):
    folder: Path
    split: str
    reals: Path
    fakes: list[Path]


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name subsets and generators, if some generator stands beside `real` in a subset."""
    subsets = _subsets(root, listed)
    if not any(subset.fakes for subset in subsets):
        found = f"{subsets[0].reals.relative_to(root)} alone" if subsets else "none"
        words = f"looked for SPLIT/SUBSET/real beside generators, found {found}"
        return LayoutEvidence(False, words, len(subsets))
    names = sorted({generator(fake.name).name for subset in subsets for fake in subset.fakes})
    kinds = sorted({subset.folder.name for subset in subsets})
    splits = sorted({subset.split for subset in subsets})
    return LayoutEvidence(
        True,
        f"folders real beside {counted(len(names), 'generator')}: {', '.join(names)}; in "
        f"{', '.join(kinds)}; taken as {', '.join(splits)}",
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file of every subset; the class is ImageNet's, else the subset.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    for folder in listed(root):
        if folder.name.lower() in _MADE_FROM_IMAGES:
            skipped[f"folder {folder.name}, made from the images"] += 1
    places: list[tuple[Path, tuple[int, str, str, str]]] = []  # label, generator, split, subset
    for subset in _subsets(root, listed):
        name = subset.folder.name
        beside = SEVERAL.join(sorted({generator(fake.name).name for fake in subset.fakes}))
        places.append((subset.reals, (0, beside, subset.split, name)))
        places += [
            (fake, (1, generator(fake.name).name, subset.split, name)) for fake in subset.fakes
        ]
    for (label, of, split, name), path in files_below_each(root, places, skipped):
        real_set = "" if label else f"{name}/real"
        yield FoundImage(path, label, of, split, _synset(path) or name, "", real_set)
    for folder in listed.refused:
        yield refused_folder(root, folder)


def _subsets(root: Path, listed: FolderListing) -> list[_Subset]:
    inner = {folder.name.lower(): folder for folder in listed(root)}
    images = inner.get("images", root)
    found = []
    for split_folder in listed(images):
        split = SPLITS.get(split_folder.name.lower())
        for folder in listed(split_folder) if split else ():
            reals = [each for each in listed(folder) if each.name.lower() == "real"]
            fakes = [each for each in listed(folder) if each not in reals]
            # `real` beside `fake` names no generator, and is another layout.
            if split and len(reals) == 1 and not any(label_of(each.name) for each in fakes):
                found.append(_Subset(folder, split, reals[0], fakes))
    return found


def _synset(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return imagenet_class(name) or imagenet_class(folder.rpartition("/")[2])
