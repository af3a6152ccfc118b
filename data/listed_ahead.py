"""Folders listed in threads before they are asked for: on a shared disk each takes round trips."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

THREADS = 32  # they wait for the disk, not for a core


@dataclass(frozen=True)
class ListedFolder:
    """A folder and what is in it."""

    folder: str  # as a posix path from the root
    identity: tuple[int, int]  # device and inode: the same by whatever links it is reached
    names: list[str] | None  # sorted; None where it cannot be listed
    inner: frozenset[str]  # those of the names that are folders or links to one


class ListedAhead:
    """Lists folders in their order, the next ones while one is used; to be closed in the end."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "list")

    def __call__(self, root: str, folders: Sequence[str]) -> Iterator[ListedFolder]:
        """What is in each folder below a root.

        Raises:
            OSError: a folder is not there.
        """
        if len(folders) == 1:  # nothing to be done at the same time
            yield _listed(root, folders[0])
            return
        rest = iter(folders)
        tasks = deque(self._begun(root, folder) for folder in islice(rest, THREADS))
        while tasks:
            yield tasks.popleft().result()
            tasks.extend(self._begun(root, folder) for folder in islice(rest, 1))

    def close(self) -> None:
        """Begin no more, and wait for those that are being listed."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begun(self, root: str, folder: str) -> "Future[ListedFolder]":
        return self._pool.submit(_listed, root, folder)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def identity_of(folder: str) -> tuple[int, int]:
    """Device and inode of a folder.

    Raises:
        OSError: it is not there.
    """
    status = os.stat(folder)  # noqa: PTH116 - a Path for each of a million costs more
    return status.st_dev, status.st_ino


def _listed(root: str, folder: str) -> ListedFolder:
    place = f"{root}/{folder}"
    identity = identity_of(place)
    try:
        with os.scandir(place) as entries:
            is_inner = {entry.name: is_folder(entry) for entry in entries}
    except OSError:
        return ListedFolder(folder, identity, None, frozenset())
    inner = frozenset(name for name, is_it in is_inner.items() if is_it)
    return ListedFolder(folder, identity, sorted(is_inner), inner)
