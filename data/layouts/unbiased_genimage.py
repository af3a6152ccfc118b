"""Unbiased GenImage (arXiv 2403.17608): GenImage and a `metadata.csv` that lists its sound files.

The list says of each file its generator (`nature` for reals), split, ImageNet class by number and
JPEG quality. Reals stand beside the generator in whose folder they lie; `val` is the test split.
Sizes and JPEG qualities are read from the files themselves, never taken from the list.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from data.folder_walk import FolderListing
from data.generators import generator
from data.imagenet_classes import class_of_number
from data.layout_refusals import UnknownLayout
from data.layouts import FIRST, FoundImage, LayoutEvidence, nothing_inside
from data.lists.listed_paths import path_below
from data.lists.reading import ImageList, opened_list

PLACE = FIRST
TREE = """\
metadata.csv                             path,generator,mode,class,... of GenImage's files"""
inside = nothing_inside
_REAL = "nature"
_SPLITS = {"train": "train", "val": "test"}
_SAMPLES = 5


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Say what is read, if `metadata.csv` has the columns."""
    metadata = _metadata(root)
    if metadata is None:
        words = "looked for metadata.csv with path, generator and mode, found none"
        return LayoutEvidence(False, words)
    rows = islice(metadata.rows(["path", "generator"]), _SAMPLES)
    return LayoutEvidence(
        True,
        "metadata.csv: label from `generator`, where nature is real; split from `mode`, where val "
        "is the test split; files that it does not list are left out",
        samples=tuple(f"{p} is {'real' if g == _REAL else 'fake'} ({g})" for p, g in rows),
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield the listed files.

    Raises:
        UnknownLayout: there is no such list, or a path leads outside.
        OSError: the list cannot be read.
    """
    metadata = _metadata(root)
    if metadata is None:
        raise UnknownLayout(root, "holds no metadata.csv with path, generator and mode")
    columns = ["path", "generator", "mode", *(["class"] if "class" in metadata.columns else [])]
    for number, (listed_path, name, mode, *number_of_class) in enumerate(metadata.rows(columns)):
        path = path_below(listed_path, root, f"{metadata.file}, row {number + 1}")
        split = _SPLITS.get(mode.lower())
        if split is None:
            skipped[f"mode {mode!r} in metadata.csv"] += 1
            continue
        label = int(name.lower() != _REAL)
        # GENERATOR/ARCHIVE/SPLIT/LABEL/FILE
        beside = generator(path.split("/")[0]).name
        of = generator(name).name if label else beside
        class_name = class_of_number(number_of_class[0]) if number_of_class else ""
        yield FoundImage(path, label, of, split, class_name, "", "" if label else f"{of}/{_REAL}")


def _metadata(root: Path) -> ImageList | None:
    file = root / "metadata.csv"
    image_list = opened_list(file) if file.is_file() else None
    has_columns = image_list and {"path", "generator", "mode"} <= set(image_list.columns)
    return image_list if has_columns else None
