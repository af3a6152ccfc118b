"""What a store in a folder asks of its file system: links that never replace, and quick walks."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

from data.byte_counts import in_bytes
from grid.store.base import TEMPORARY_PREFIX
from grid.store.errors import StoreError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# A file system that is full, read-only or away for a while: NFS (soft mounts time out as EIO),
# Lustre (ESHUTDOWN after an eviction), FUSE (ENOTCONN). A permission is nobody's outage.
_PASSING = frozenset(
    {
        *(*_FULL, errno.EROFS, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EREMOTEIO),
        *(errno.EAGAIN, errno.EBUSY, errno.ENOLCK, errno.ENOMEM, errno.ENFILE),
        *(errno.ENOTCONN, errno.ESHUTDOWN, errno.ECONNREFUSED, errno.ECONNRESET),
        *(errno.ECONNABORTED, errno.EPIPE, errno.ENETDOWN, errno.ENETUNREACH),
        *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EKEYEXPIRED),
    }
)


def may_pass(error: OSError) -> bool:
    """Whether a fault of a file system can be over in a while, without anybody changing the run."""
    return error.errno in _PASSING


def in_words(error: OSError, folder: Path) -> str:
    """What the system said, and of a full disk how much room there is."""
    said = error.strerror or str(error)
    if error.errno not in _FULL:
        return said
    try:
        return f"{said}; {_room_on(folder)}"
    except OSError:
        return said


def _room_on(folder: Path) -> str:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    facts = os.statvfs(folder)
    free, total = (count * facts.f_frsize for count in (facts.f_bavail, facts.f_blocks))
    room = f"{in_bytes(free)} of {in_bytes(total)} free"
    return f"{room}, no further file allowed" if facts.f_files and not facts.f_favail else room


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
            with os.scandir(directory) as listing:
                entries = list(listing)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            complaint = f"{directory}: the store's folder cannot be listed ({error.strerror})"
            raise StoreError(
                f"{complaint}; check the permissions and the mount.",
                passing=complaint if may_pass(error) else "",
            ) from error
        for entry in entries:
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
