"""GenImage (arXiv 2306.08571) in the three ways it is unpacked.

    <Generator>/<archive's folder>/{train,val}/{ai,nature}/...
    <Generator>/{train,val}/{ai,nature}/...
    {train,val}/{ai,nature}/...                                  the root is one generator

`val` serves as the test split, as in all published numbers. Only where there is a `test` folder
as well, `val` (or `valid`, `validation`) is the validation split.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.folder_walk import files_below, subfolders
from data.generators import generator, is_known
from data.imagenet_classes import imagenet_class
from data.layouts import FoundImage

NAME = "genimage"
_LABELS = {"nature": 0, "ai": 1}
_VALIDATION_NAMES = ("val", "valid", "validation")


class _Home(NamedTuple):
    """A folder that holds the splits of one generator."""

    generator: str
    folder: Path


def detect(root: Path) -> str | None:
    """Name the generators found, if there are splits with `ai` or `nature` in them."""
    homes = _homes(root)
    if not homes:
        return None
    found = sorted({home.generator for home in homes})
    return (
        f"folders {{train,val}}/{{ai,nature}} of {len(found)} "
        f"generator{'s' * (len(found) != 1)}: {', '.join(found)}"
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file below the `ai` and `nature` folders."""
    for home in _homes(root):
        splits = _splits(home.folder)
        for split_folder, split in splits.items():
            for label_folder in _labelled(split_folder):
                label = _LABELS[label_folder.name.lower()]
                real_set = "" if label else f"{home.generator}/nature"
                for path in files_below(root, label_folder.relative_to(root).as_posix(), skipped):
                    yield FoundImage(
                        path, label, home.generator, split, _class_of(path), "", real_set
                    )


def _homes(root: Path) -> list[_Home]:
    if _splits(root):
        return [_Home(generator(root.resolve().name).name, root)]
    homes = []
    for folder in subfolders(root):
        if _splits(folder):
            homes.append(_Home(generator(folder.name).name, folder))
            continue
        # The archive's own folder says as much as the generator's where that has a strange name.
        homes.extend(
            _Home(generator(_known_first(folder.name, inner.name)).name, inner)
            for inner in subfolders(folder)
            if _splits(inner)
        )
    return homes


def _splits(folder: Path) -> dict[Path, str]:
    """The split folders in a folder that hold labelled images, with their canonical names."""
    candidates = {
        inner.name.lower(): inner
        for inner in subfolders(folder)
        if inner.name.lower() in {"train", "test", *_VALIDATION_NAMES} and _labelled(inner)
    }
    validation = "validation" if "test" in candidates else "test"
    return {
        inner: validation if name in _VALIDATION_NAMES else name
        for name, inner in candidates.items()
    }


def _labelled(split_folder: Path) -> list[Path]:
    return [inner for inner in subfolders(split_folder) if inner.name.lower() in _LABELS]


def _known_first(outer: str, inner: str) -> str:
    return inner if is_known(inner) and not is_known(outer) else outer


def _class_of(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return imagenet_class(name) or imagenet_class(folder.rpartition("/")[2])
