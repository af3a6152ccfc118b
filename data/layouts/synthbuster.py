"""Synthbuster (IEEE OJSP 2023): fakes only, each made from a photograph of RAISE-1k.

A fake is called as its photograph (`r000da54ft.png`), so the stem is the pair. The photographs come
from elsewhere (`reals:` in the experiment), or lie in a folder here whose name begins with `real`
or `raise`. All of it is a test set.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import generator
from data.layouts import FoundImage, LayoutEvidence, nothing_inside, refused_folder

TREE = """\
GENERATOR/r0a1b2c3dt.png       fakes only, called as RAISE-1k's photographs
[RAISE/]                       which may lie here too, or be named by `reals:`"""
inside = nothing_inside
_RAISE_NAME = re.compile(r"r[0-9a-f]{8}t\.\w+", re.IGNORECASE)
_LOOKED_AT = 50  # files of a folder


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name the generators, if files of folders are called as RAISE-1k's photographs."""
    folders = [folder for folder in listed(root) if _is_called_as_raise(folder)]
    names = sorted(generator(folder.name).name for folder in folders if not _are_reals(folder))
    if not names:
        found = f"{folders[0].name}/ alone" if folders else "none"
        words = f"looked for GENERATOR/r*t.png as RAISE's are called, found {found}"
        return LayoutEvidence(False, words, len(folders))
    reals = [folder.name for folder in folders if _are_reals(folder)]
    return LayoutEvidence(
        True,
        f"files called as RAISE-1k's, fakes of {counted(len(names), 'generator')}: "
        f"{', '.join(names)}; taken as test; "
        + (f"reals in {', '.join(reals)}" if reals else "no reals here: name them with `reals:`"),
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file of every folder; the stem is the pair.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    places = [
        (folder, ("", folder.name) if _are_reals(folder) else (generator(folder.name).name, ""))
        for folder in listed(root)
    ]
    for (name, real_set), path in files_below_each(root, places, skipped):
        pair = PurePosixPath(path).stem
        yield FoundImage(path, int(not real_set), name, "test", "", pair, real_set)
    for folder in listed.refused:
        yield refused_folder(root, folder)


def _are_reals(folder: Path) -> bool:
    return folder.name.lower().startswith(("raise", "real"))


def _is_called_as_raise(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, _LOOKED_AT)]
    except OSError:
        return False
    images = [name for name in names if not name.startswith(".")]
    called = [name for name in images if _RAISE_NAME.fullmatch(name)]
    return bool(called) and 2 * len(called) > len(images)
