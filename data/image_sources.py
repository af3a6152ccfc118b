"""Where an image's bytes are: a file of their own, or a row of a Parquet file.

A path such as `data/train-0.parquet#3.17` is row 17 of row group 3, both counted from 0. It stands
wherever the path of an image stands: in manifests, in a trial's tables, in messages.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from data.image_files import UnreadableImage, content_of
from data.parquet_images import DamagedParquet, RowGroups
from data.regular_files import open_regular

_ROW = re.compile(r"(.+\.parquet)#(\d+)\.(\d+)", re.IGNORECASE | re.DOTALL)
# Of a row that has not been read: larger than any file, so that it is none's.
SIZE_UNKNOWN = 2**62
_ROW_GROUPS = RowGroups()


class ParquetRow(NamedTuple):
    """A row of a Parquet file."""

    file: str
    group: int
    row: int

    @property
    def path(self) -> str:
        """How it is called as an image."""
        return f"{self.file}#{self.group}.{self.row}"


class SourceStatus(NamedTuple):
    """What says that an image's bytes are still the same, without reading them."""

    st_mode: int
    st_size: int  # of the image; SIZE_UNKNOWN for a row, before it is read
    st_mtime_ns: int  # for a row a stamp, of the file's size and modification time


def row_of(path: str | Path) -> ParquetRow | None:
    """The row that a path stands for, None where it stands for a file."""
    text = os.fspath(path)
    found = _ROW.fullmatch(text) if "#" in text else None
    return ParquetRow(found[1], int(found[2]), int(found[3])) if found else None


def status_of(path: str | Path) -> SourceStatus:
    """Look at an image's file.

    Raises:
        OSError: it is not there, or cannot be looked at.
    """
    row = row_of(path)
    status = os.stat(row.file if row else path)  # noqa: PTH116 - a Path each costs more
    if row is None:
        return SourceStatus(status.st_mode, status.st_size, status.st_mtime_ns)
    both = f"{status.st_size} {status.st_mtime_ns}".encode()
    stamp = int.from_bytes(hashlib.sha256(both).digest()[:8], "big") >> 1
    return SourceStatus(status.st_mode, SIZE_UNKNOWN, stamp)


@contextmanager
def opened_image(path: str | Path) -> Iterator[bytes | BufferedReader]:
    """The bytes of an image, or its open file where that is large.

    Raises:
        UnreadableImage: a row holds no image, or its file is damaged.
        NotARegularFile: a pipe, a socket or a device has taken the file's place.
        OSError: the file could not be read, which says nothing about the image.
    """
    row = row_of(path)
    if row is None:
        with open_regular(path) as file:
            yield content_of(file)
        return
    try:
        content = _ROW_GROUPS.bytes_of(*row)
    except DamagedParquet as error:
        raise UnreadableImage(path, str(error)) from error
    if content is None:
        raise UnreadableImage(path, "the row holds no bytes of an image")
    yield content
