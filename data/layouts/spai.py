"""SPAI's lists (arXiv 2411.19417): one CSV of `image,class,split` for each source.

The lists are called by their source, `real_coco.csv` and `fake_dalle2.csv`; class 1 is fake. Reals
stand beside all generators. Paths are relative to the root, in which the lists lie.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from data.counts import counted
from data.folder_walk import FolderListing
from data.generators import generator
from data.layout_refusals import UnknownLayout
from data.layouts import FoundImage, LayoutEvidence, nothing_inside
from data.lists.listed_images import Defaults, ReadList, images_of, understood
from data.lists.reading import opened_list

TREE = """\
real_SOURCE.csv, fake_GENERATOR.csv    of image,class,split, one for each source"""
inside = nothing_inside
_COLUMNS = {"image", "class", "split"}
_LABELS = {"real": 0, "fake": 1}


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name the sources, if there are such lists of reals or fakes."""
    lists = _lists(root)
    if not lists:
        words = "looked for real_*.csv and fake_*.csv of image,class,split, found none"
        return LayoutEvidence(False, words)
    names = sorted(generator(_source(file)).name for file in lists if _label(file))
    photographs = sorted(_source(file) for file in lists if not _label(file))
    read = _read(lists[0])
    return LayoutEvidence(
        True,
        f"lists of {counted(len(names), 'generator')}: {', '.join(names) or 'none'}; of reals: "
        f"{', '.join(photographs) or 'none, name them with `reals:`'}; class 1 is fake, so it is "
        "documented",
        samples=read.samples,
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield the images of every list.

    Raises:
        UnknownLayout: a list has another label than its name, or names a path outside.
        OSError: a list cannot be read.
    """
    for file in _lists(root):
        source, label = _source(file), _label(file)
        defaults = Defaults(generator(source).name, source)
        for image in images_of(_read(file), root, defaults, skipped):
            if image.label != label:
                raise UnknownLayout(
                    file,
                    f"is called {file.name} and says class {image.label} of {image.path}. "
                    "Correct the one that is wrong",
                )
            yield image


def _read(file: Path) -> ReadList:
    return understood([file], "spai", {"label": "class"}, "SPAI's CSV")[0]


def _lists(root: Path) -> list[Path]:
    found = []
    for file in sorted(root.glob("*.csv")):
        if file.name.partition("_")[0] in _LABELS and file.is_file():
            image_list = opened_list(file)
            if image_list is not None and set(image_list.columns) >= _COLUMNS:
                found.append(file)
    return found


def _source(file: Path) -> str:
    return file.stem.partition("_")[2]


def _label(file: Path) -> int:
    return _LABELS[file.name.partition("_")[0]]
