"""Opening what a user names: regular files only, and never a wait for somebody to write.

A pipe, a socket or a device may lie where a file is expected, also suddenly, while a run goes on.
To read a pipe waits for ever, /dev/zero never ends, and to open a device may do something.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


class NotARegularFile(OSError):
    """A pipe, a socket, a device or a folder in the place of a file."""


def open_regular(path: str | Path) -> BufferedReader:
    """Open a file for reading; links are followed.

    Raises:
        NotARegularFile: it is none; nothing was read of it.
        OSError: it is not there or cannot be read.
    """
    # Looked at first, since opening alone may act on a device; and again once it is open, since
    # something else may have taken its place. A pipe that does opens at once, without a writer.
    _require_regular(os.stat(path), path)  # noqa: PTH116 - a Path for each of a million costs more
    descriptor, _ = open_descriptor(path)
    try:
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def open_descriptor(path: str | Path) -> tuple[int, os.stat_result]:
    """Open a file that was seen to be a regular one; its descriptor, and what it is like now.

    Raises:
        NotARegularFile, OSError: as `open_regular`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        _require_regular(status, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status


def read_regular(path: str | Path) -> bytes:
    """All bytes of a file.

    Raises:
        NotARegularFile, OSError: as `open_regular`.
    """
    with open_regular(path) as file:
        return file.read()


def _require_regular(status: os.stat_result, path: str | Path) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    raise NotARegularFile(errno.EINVAL, other_kind(status.st_mode), str(path))


def other_kind(mode: int) -> str:
    """What a file of this `st_mode` is, which is no regular one, for people."""
    kind = next((word for is_it, word in _KINDS if is_it(mode)), "of another kind")
    return f"not a regular file but {kind}"
