"""Every file below a folder, in one order, without following a symbolic link in circles."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeVar

from data.listed_ahead import ListedAhead, ListedFolder, identity_of, is_folder

T = TypeVar("T")
# Files that come with collections and hold no image; everything else is tried, so that an odd
# file is listed by name instead of silently left out.
_TEXTS = {"txt", "csv", "tsv", "json", "jsonl", "yaml", "yml", "xml", "html", "htm", "md", "pdf"}
_TABLES = {"parquet", "arrow", "lmdb", "mdb", "db", "mat", "h5", "npy", "npz", "pt", "pth", "pkl"}
_ARCHIVES = {"zip", "tar", "gz", "tgz", "7z", "rar", "bz2", "xz"}
NOT_IMAGES = {"svg", "ini", "log", "py", "sh", "ipynb"} | _TEXTS | _TABLES | _ARCHIVES
# A disk's own "lost+found" is root's alone to list.
_NOT_FOLDERS = frozenset({"__MACOSX", "__pycache__", "lost+found"})


def files_below(root: Path, folder: str, skipped: Counter[str]) -> Iterator[str]:
    """The files below `root/folder` that may be images, by name, as posix paths from the root.

    Symbolic links are followed, also to folders (reals are often linked into several places); a
    link to a folder that contains it is left out. Broken links and folders that cannot be listed
    are yielded like files, so that they are named.

    Args:
        root: of the collection.
        folder: below it, "" for the root itself.
        skipped: is counted up under the reason for what is left out by rule: dot files,
            __MACOSX, files that are no images by their extension, links in circles.
    """
    for _, path in files_below_each(root, [(root / folder, None)], skipped):
        yield path


def files_below_each(
    root: Path, places: Sequence[tuple[Path, T]], skipped: Counter[str]
) -> Iterator[tuple[T, str]]:
    """The files below several folders, as `files_below` yields them, folder by folder.

    While the files of one folder are used the next folders are listed: on a shared disk a large
    one takes many round trips, one after the other, so only several at a time are faster.

    Args:
        root: of the collection.
        places: folders below it, each with what is to be said of its files.
        skipped: as in `files_below`.

    Yields:
        What is said of the file's folder, and its path.
    """
    known: dict[Path, tuple[int, int]] = {}
    base = root.resolve()
    folders = [folder.relative_to(root).as_posix() for folder, _ in places]
    folders = ["" if folder == "." else folder for folder in folders]
    with closing(ListedAhead()) as ahead:
        for (_, said), here in zip(places, ahead(str(root), folders), strict=True):
            above = (base / here.folder).parents
            known.update((each, identity_of(str(each))) for each in above if each not in known)
            inside = frozenset(known[each] for each in above)
            for path in _walked(str(root), here, skipped, inside, ahead):
                yield said, path


def subfolders(folder: Path, at_most: int | None = None) -> list[Path]:
    """The folders in a folder, by name, without those left out by rule.

    With `at_most`, only so many of its entries are looked at.
    """
    with os.scandir(folder) as entries:
        return sorted(
            Path(entry.path)
            for entry in islice(entries, at_most)
            if is_folder(entry)
            and not entry.name.startswith(".")
            and entry.name not in _NOT_FOLDERS
        )


class FolderListing:
    """The folders in each folder of a collection, listed once.

    A folder below the root that cannot be listed counts as empty and is noted in `refused`, so that
    a layout which only looks for its own folders neither fails at it nor passes over it unsaid.

    Args:
        root: of the collection.
        at_most: as many folders are listed, and as many entries of each are looked at; what
            is beyond counts as not there. None for no bound.
    """

    def __init__(self, root: Path, at_most: int | None = None) -> None:
        self.refused: list[Path] = []
        self._root = root
        self._at_most = at_most
        self._known: dict[Path, list[Path]] = {}

    def __call__(self, folder: Path) -> list[Path]:
        """The folders in a folder, by name.

        Raises:
            OSError: the root cannot be listed.
        """
        if folder not in self._known:
            if len(self._known) == self._at_most:
                return []
            try:
                self._known[folder] = subfolders(folder, self._at_most)
            except OSError:
                if folder == self._root:
                    raise
                self.refused.append(folder)
                self._known[folder] = []
        return self._known[folder]


def _walked(
    root: str,
    here: ListedFolder,
    skipped: Counter[str],
    above: frozenset[tuple[int, int]],
    ahead: ListedAhead,
) -> Iterator[str]:
    if here.identity in above:
        skipped["symbolic link to a folder that contains it"] += 1
        return
    if here.names is None:
        yield here.folder
        return
    before = f"{here.folder}/" if here.folder else ""
    taken = []
    for name in here.names:
        reason = _reason_to_skip(name)
        if reason:
            skipped[reason] += 1
        else:
            taken.append(name)
    inner = ahead(root, [before + name for name in taken if name in here.inner])
    for name in taken:
        if name in here.inner:
            yield from _walked(root, next(inner), skipped, above | {here.identity}, ahead)
        else:
            yield before + name


def _reason_to_skip(name: str) -> str:
    if name.startswith("."):
        return "dot file"
    if name in _NOT_FOLDERS:
        return name
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    return f".{extension} file" if extension in NOT_IMAGES else ""
