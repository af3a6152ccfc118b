"""Any folders of reals and fakes: Chameleon, WildRF, CIFAKE, and collections of one's own.

A folder that holds a folder of reals and one of fakes (`0_real` and `1_fake`, `real` and `fake`,
`REAL` and `FAKE`, `nature` and `ai`) is a leaf pair; the folders above it say split, generator and
class, in this order. Where none names a generator, the root's own name does.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import generator
from data.label_folders import SPLITS, LeafPair, leaf_pairs
from data.layouts import (
    GENERAL,
    FoundImage,
    LayoutEvidence,
    first_of,
    nothing_inside,
    refused_folder,
)

PLACE = GENERAL
TREE = """\
{train,val,test}/{real,fake}/              0_real and 1_fake, REAL and FAKE, ... as well
{train,val,test}/GENERATOR/{real,fake}/    WildRF's platforms
GENERATOR/[CLASS/]{real,fake}/"""
inside = nothing_inside
_WILDRF = {"facebook", "reddit", "twitter"}


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name what stands above the leaf pairs, if one of them has both labels."""
    pairs = list(leaf_pairs(root, listed, []))
    whole = [pair for pair in pairs if set(pair.labelled.values()) == {0, 1}]
    if not whole:
        labels = [folder for pair in pairs for folder in pair.labelled]
        found = f"{first_of(root, labels)} without the other" if labels else "none"
        words = f"looked for folders of reals and of fakes side by side, found {found}"
        return LayoutEvidence(False, words, len(labels))
    folders = sorted({folder.name for pair in whole for folder in pair.labelled})
    names = sorted({_generator_of(pair, root) for pair in pairs})
    splits = sorted({_split_of(pair, root) for pair in pairs})
    return LayoutEvidence(
        True,
        f"folders {', '.join(folders)} of {counted(len(names), 'generator')}: "
        f"{', '.join(names)}; taken as {', '.join(splits)}{_known(pairs)}",
    )


def _known(pairs: list[LeafPair]) -> str:
    above = {name.lower() for pair in pairs for name in pair.above}
    labels = {folder.name for pair in pairs for folder in pair.labelled}
    if above and above <= _WILDRF:
        return "; these are WildRF's platforms (arXiv 2406.09398)"
    if not above and labels == {"REAL", "FAKE"}:
        return "; as CIFAKE lies on disk (arXiv 2303.14126)"
    if not above and labels == {"0_real", "1_fake"}:
        return "; as Chameleon lies on disk (arXiv 2406.19435)"
    return ""


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file below the folders of reals and fakes.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    left_out: list[Path] = []
    places: list[tuple[Path, tuple[int, str, str, str, str]]] = []
    for pair in leaf_pairs(root, listed, left_out):
        name, split = _generator_of(pair, root), _split_of(pair, root)
        class_name = pair.above[-1] if len(pair.above) > 1 else ""
        for folder, label in pair.labelled.items():
            real_set = "" if label else f"{name}/{folder.name.lower()}"
            places.append((folder, (label, name, split, class_name, real_set)))
    for (label, name, split, class_name, real_set), path in files_below_each(root, places, skipped):
        yield FoundImage(path, label, name, split, class_name, "", real_set)
    for folder in left_out:
        if folder not in listed.refused:
            skipped[f"folder {folder.relative_to(root).as_posix()} without reals or fakes"] += 1
    for folder in listed.refused:
        if not any(folder in pair.labelled for pair in leaf_pairs(root, listed, [])):
            yield refused_folder(root, folder)


def _generator_of(pair: LeafPair, root: Path) -> str:
    return generator(pair.above[0] if pair.above else _root_name(root)).name


def _root_name(root: Path) -> str:
    """The root's name, or that of the folder it lies in where it is called as a split."""
    root = root.absolute()
    return root.parent.name if root.name.lower() in SPLITS else root.name


def _split_of(pair: LeafPair, root: Path) -> str:
    return pair.split or SPLITS.get(root.absolute().name.lower(), "test")
