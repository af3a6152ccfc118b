"""What to do about a folder without a layout: the nearest rule, and a list that would do."""

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from data.folder_walk import NOT_IMAGES
from data.listed_ahead import is_folder

_SHOWN = 3
_DEPTH = 4
_ENTRIES = 200  # of each folder


def nearest(near: Mapping[str, int]) -> list[str]:
    """The layouts of which most was found; none where nothing was found of any.

    Args:
        near: by layout, how many folders or files of it there are.
    """
    most = max(near.values(), default=0)
    return [name for name, number in near.items() if number == most and most]


def list_that_would_do(root: Path) -> list[str]:
    """Lines for people: the first lines of a list of the images in a folder."""
    images = _some_images(root)
    if not images:
        return []
    return [
        "a list in that folder would do, images.csv; its first lines, for instance:",
        "  path,label,generator,split",
        *(f"  {_quoted(path)},LABEL,GENERATOR,SPLIT" for path in images),
        "  (LABEL is real or fake, GENERATOR empty for reals, SPLIT train, validation or test)",
    ]


def _some_images(root: Path) -> list[str]:
    """The first images below a folder, of different folders where there are some."""
    found: list[str] = []
    level = [root]
    for _ in range(_DEPTH):
        inner: list[Path] = []
        for folder in level[:_SHOWN]:
            try:
                with os.scandir(folder) as entries:
                    listed = sorted(islice(entries, _ENTRIES), key=lambda entry: entry.name)
            except OSError:
                continue
            visible = [entry for entry in listed if not entry.name.startswith(".")]
            inner += [Path(entry.path) for entry in visible if is_folder(entry)]
            files = [entry for entry in visible if not is_folder(entry) and _may_be_image(entry)]
            found += [Path(files[0].path).relative_to(root).as_posix()] if files else []
        level = inner
    return found[:_SHOWN]


def _may_be_image(entry: os.DirEntry[str]) -> bool:
    return Path(entry.name).suffix.lower().removeprefix(".") not in NOT_IMAGES


def _quoted(path: str) -> str:
    name = path.encode(errors="backslashreplace").decode()
    return f'"{name}"' if "," in name or '"' in name else name
