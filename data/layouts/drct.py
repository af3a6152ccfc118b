"""DRCT-2M (ICML 2024): fakes made from COCO's photographs, whose names they bear.

The stem is the pair. COCO's photographs come from elsewhere (`reals:` in the experiment), or lie
here in a folder called `MSCOCO` or `COCO`. `val2017` is the test split, as in published numbers.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import generator, plain_name
from data.label_folders import SPLITS
from data.layouts import FoundImage, LayoutEvidence, nothing_inside, refused_folder

TREE = """\
GENERATOR/{train2017,val2017}/    fakes only, called as COCO's photographs
[MSCOCO/{train2017,val2017}/]     which may lie here too, or be named by `reals:`"""
inside = nothing_inside
_SPLITS = frozenset({"train2017", "val2017"})


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name the generators, if folders hold `train2017` or `val2017`."""
    homes = [folder for folder in listed(root) if _splits(folder, listed)]
    names = sorted(generator(folder.name).name for folder in homes if not _are_reals(folder))
    if not names:
        found = f"{homes[0].name}/ alone" if homes else "none"
        words = f"looked for GENERATOR/{{train2017,val2017}}/, found {found}"
        return LayoutEvidence(False, words, len(homes))
    reals = [folder.name for folder in homes if _are_reals(folder)]
    return LayoutEvidence(
        True,
        f"folders {{train2017,val2017}}, fakes of {counted(len(names), 'generator')}: "
        f"{', '.join(names)}; val2017 taken as test; "
        + (f"reals in {', '.join(reals)}" if reals else "no reals here: name them with `reals:`"),
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file of every split; the stem is the pair.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    places: list[tuple[Path, tuple[bool, str, str]]] = []  # whether real, generator, split
    for home in listed(root):
        is_real = _are_reals(home)
        name = "" if is_real else generator(home.name).name
        splits = _splits(home, listed)
        for folder in listed(home):
            if folder not in splits:
                skipped[f"folder {home.name}/{folder.name}, neither train2017 nor val2017"] += 1
        if not splits and home not in listed.refused:
            skipped[f"folder {home.name} without train2017 or val2017"] += 1
        places += [(each, (is_real, name, SPLITS[each.name.lower()])) for each in splits]
    for (is_real, name, split), path in files_below_each(root, places, skipped):
        pair = PurePosixPath(path).stem
        real_set = "coco" if is_real else ""
        yield FoundImage(path, int(not is_real), name, split, "", pair, real_set)
    for folder in listed.refused:
        yield refused_folder(root, folder)


def _splits(folder: Path, listed: FolderListing) -> list[Path]:
    return [inner for inner in listed(folder) if inner.name.lower() in _SPLITS]


def _are_reals(folder: Path) -> bool:
    return plain_name(folder.name) in {"mscoco", "ms_coco", "coco", "coco2017", "real"}
