"""Photographs only: RAISE-1k, COCO, ImageNet as they are downloaded, as reals for other datasets.

Never detected, for a folder of images does not say that they are photographs: write
`layout: photographs`. Folders called as splits say the split, `val2017` test; else the root's own
name does, else it is a test set. The stem is the pair, so that Synthbuster's and DRCT-2M's fakes
find the photographs they are called by.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from data.folder_walk import FolderListing, files_below
from data.imagenet_classes import imagenet_class
from data.label_folders import SPLITS, label_of
from data.layouts import GENERAL, FoundImage, LayoutEvidence, nothing_inside

PLACE = GENERAL
TREE = """\
[{train,val,test}/]...         photographs only; only with `layout: photographs`"""
inside = nothing_inside


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Never a claim."""
    return LayoutEvidence(False, "never detected; for reals alone write `layout: photographs`")


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file below the root, less what lies in folders of fakes.

    Raises:
        OSError: the root cannot be listed.
    """
    FolderListing(root)(root)
    name = root.absolute().name
    otherwise = SPLITS.get(name.lower(), "test")
    for path in files_below(root, "", skipped):
        *folders, file = path.split("/")
        if any(label_of(folder) == 1 for folder in folders):
            skipped["in a folder that says fake"] += 1
            continue
        stated = [SPLITS[folder.lower()] for folder in folders if folder.lower() in SPLITS]
        class_name = imagenet_class(file) or (imagenet_class(folders[-1]) if folders else "")
        pair = PurePosixPath(file).stem
        yield FoundImage(path, 0, "", stated[0] if stated else otherwise, class_name, pair, name)
