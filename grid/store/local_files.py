"""What a store in a folder asks of its file system: links that never replace, and quick walks."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

from grid.store.base import TEMPORARY_PREFIX
from grid.store.errors import StoreError


def link(temporary: Path, path: Path) -> bool:
    """Give a whole temporary file its final name: True, or False where the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        # An NFS client that repeats a lost request is told "exists" about its own success: then
        # the temporary file has two names.
        if temporary.stat().st_nlink < 2:
            return False
    sync_folder(path.parent)
    return True


def writer() -> str:
    """Return host, process and a random part, so that a listing tells whose temporary it is."""
    host = "".join(letter if letter.isalnum() else "_" for letter in os.uname().nodename)[:40]
    return f"{host}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def sync_folder(folder: Path) -> None:
    """Make a new name durable. Some network file systems refuse to fsync a folder: then not."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a temporary file as far as that can be done."""
    try:
        path.unlink(missing_ok=True)
    except OSError:  # what is left is hidden, and `gc` removes it
        return


def is_temporary(key: str) -> bool:
    """Whether a key is of a file that is still being written, or was when its writer died."""
    return key.rpartition("/")[2].startswith(TEMPORARY_PREFIX)


def walk(folder: Path, base: str, start: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (key, entry) of every file below `folder` whose first part begins with `start`.

    scandir tells files from folders without a stat, which is what keeps 30,000 files under half a
    second.
    """
    waiting: list[tuple[str, str, str]] = [(str(folder), base, start)]
    while waiting:
        directory, base, start = waiting.pop()
        try:
            listing = os.scandir(directory)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise StoreError(
                f"{directory}: the store's folder cannot be listed ({error.strerror}); check the "
                "permissions and the mount."
            ) from error
        with listing:
            for entry in listing:
                if not entry.name.startswith(start):
                    continue
                if _is_folder(entry):
                    waiting.append((entry.path, f"{base}{entry.name}/", ""))
                else:
                    yield base + entry.name, entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # A store may hold symbolic links to folders that were moved to a bigger disk.
    if not entry.is_symlink():
        return entry.is_dir(follow_symlinks=False)
    try:
        return stat.S_ISDIR(entry.stat().st_mode)
    except OSError:
        return False
