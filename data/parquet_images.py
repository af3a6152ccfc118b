"""Images that are rows of a Parquet file: their bytes, without a copy on disk.

A row group is read from its start, in batches, as far as it is asked for; what was read is kept
while there is room. So reading in order reads everything once, and reading at random costs at most
one row group for an image, and never more than `MOST_BYTES` of memory beyond a batch. Files whose
row groups fit are therefore best for training; the libraries that write images make groups of 100
to 1,000 rows.
"""

import functools
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from data.regular_files import open_regular

# Names that say which of several columns of bytes is the image, the first one that is there.
_IMAGE_COLUMNS = ("image", "img", "image_data", "image_bytes", "picture", "photo", "jpg", "png")
MOST_BYTES = 256 * 1024**2  # kept of row groups, in each process
_READ_AHEAD = 1024**2
_MOST_HALF_READ = 64  # row groups that hold their file open


class DamagedParquet(ValueError):
    """A file is no Parquet file, or not the one that its rows were named in."""


class _Key(NamedTuple):
    file: str
    size: int
    mtime_ns: int
    group: int


def image_column(schema: Any) -> str | None:
    """The column that holds encoded images: bytes, or a struct with `bytes` in it.

    Returns:
        Its dotted path ("image.bytes"); None where there is none, or several and none is called
        as an image.
    """
    found: dict[str, str] = {}
    for field in schema:
        if _is_binary(field.type):
            found[field.name] = field.name
        elif pa.types.is_struct(field.type):
            inner = {each.name: each.type for each in field.type}
            if "bytes" in inner and _is_binary(inner["bytes"]):
                found[field.name] = f"{field.name}.bytes"
    if len(found) == 1:
        return next(iter(found.values()))
    lowered = {name.lower(): path for name, path in found.items()}
    return next((lowered[name] for name in _IMAGE_COLUMNS if name in lowered), None)


def _is_binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def open_parquet(path: str, metadata: Any = None) -> Any:
    """A pyarrow.parquet.ParquetFile; with its metadata at hand its end is not read again.

    Raises:
        NotARegularFile, OSError: as `open_regular`.
        DamagedParquet: it is no Parquet file.
    """
    open_regular(path).close()
    try:
        return pq.ParquetFile(
            pa.OSFile(path), metadata=metadata, buffer_size=_READ_AHEAD, pre_buffer=False
        )
    except (pa.ArrowException, OSError) as error:
        raise _named(error) from error


@functools.lru_cache(maxsize=64)
def _metadata(path: str, size: int, mtime_ns: int) -> Any:
    """What a file of this size and time says of its row groups."""
    return open_parquet(path).metadata


class RowGroups:
    """Row groups that were read last, shared by the threads of a process.

    Args:
        most_bytes: of image bytes to keep, over all groups.
        batch_bytes: about so many are read at once.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, batch_bytes: int = 4 * 1024**2) -> None:
        self.most_bytes, self.batch_bytes = most_bytes, batch_bytes
        self.kept_bytes = 0
        self._groups: OrderedDict[_Key, _OpenGroup] = OrderedDict()
        self._lock = threading.Lock()

    def bytes_of(self, file: str, group: int, row: int) -> bytes | None:
        """The encoded image of a row, None where the row holds none.

        Raises:
            OSError: the file cannot be read just now.
            DamagedParquet: it is damaged, or has no such row.
        """
        status = os.stat(file)  # noqa: PTH116 - a Path for each of a million costs more
        key = _Key(file, status.st_size, status.st_mtime_ns, group)
        with self._lock:
            opened = self._groups.get(key)
            if opened is None:
                opened = self._groups[key] = _OpenGroup(key, self.batch_bytes)
            self._groups.move_to_end(key)
        try:
            value = opened.row(row, self.most_bytes)
        except (pa.ArrowException, OSError) as error:
            with self._lock:
                self._drop(key)
            raise _named(error) from error
        if opened.has_news:
            self._make_room(key)
        return value

    def _make_room(self, newest: _Key) -> None:
        with self._lock:
            kept = self._groups.get(newest)
            if kept is not None:
                self.kept_bytes += kept.counted()
            half_read = [k for k, each in self._groups.items() if each.is_half_read]
            for key in half_read[:-_MOST_HALF_READ]:
                self._drop(key)
            while self.kept_bytes > self.most_bytes and len(self._groups) > 1:
                self._drop(next(iter(self._groups)))

    def _drop(self, key: _Key) -> None:
        dropped = self._groups.pop(key, None)
        if dropped is not None:
            self.kept_bytes -= dropped.counted_bytes


class _OpenGroup:
    """A row group, read as far as it was asked for."""

    def __init__(self, key: _Key, batch_bytes: int) -> None:
        self._key, self._batch_bytes = key, batch_bytes
        self._lock = threading.Lock()
        self._batches: Iterator[Any] | None = None
        self._kept: deque[Any] = deque()
        self._start = 0  # the first row that is kept
        self._end = 0  # the first row that is not read yet
        self._rows = -1  # of the group, once it is opened
        self._bytes = 0
        self.counted_bytes = 0  # as its owner counts them
        self.has_news = False

    @property
    def is_half_read(self) -> bool:
        """Whether it holds its file open."""
        return self._batches is not None

    def counted(self) -> int:
        """How many bytes more are kept than at the last call."""
        more = self._bytes - self.counted_bytes
        self.counted_bytes, self.has_news = self._bytes, False
        return more

    def row(self, row: int, most_bytes: int) -> bytes | None:
        with self._lock:
            if row < self._start or (row >= self._end and self._batches is None):
                self._begin(row)
            while row >= self._end:
                self._read_on(most_bytes)
            start = self._start
            for batch in self._kept:
                if row < start + len(batch):
                    return batch[row - start].as_py() or None
                start += len(batch)
        raise AssertionError("a row that was read is kept until the next one is")

    def _begin(self, row: int) -> None:
        file, size, mtime_ns, group = self._key
        metadata = _metadata(file, size, mtime_ns)
        opened = open_parquet(file, metadata)
        column = image_column(opened.schema_arrow)
        if column is None or group >= metadata.num_row_groups:
            what = "column of images" if column is None else f"row group {group}"
            raise DamagedParquet(f"the Parquet file has no {what}")
        about = metadata.row_group(group)
        self._rows = about.num_rows
        if row >= self._rows:
            raise DamagedParquet(f"row group {group} of the Parquet file has no row {row}")
        rows = max(1, self._batch_bytes * self._rows // max(1, about.total_byte_size))
        self._batches = opened.iter_batches(rows, row_groups=[group], columns=[column])
        self._kept.clear()
        self._start = self._end = self._bytes = 0

    def _read_on(self, most_bytes: int) -> None:
        assert self._batches is not None, "begun"
        batch = next(self._batches, None)
        if batch is None:
            raise DamagedParquet(f"row group {self._key.group} has fewer rows than it says")
        images = batch.column(0)
        if pa.types.is_struct(images.type):
            images = images.field("bytes")
        self._kept.append(images)
        self._end += len(images)
        self._bytes += images.nbytes
        while self._bytes > most_bytes and len(self._kept) > 1:
            dropped = self._kept.popleft()
            self._start += len(dropped)
            self._bytes -= dropped.nbytes
        if self._end == self._rows:
            self._batches = None  # and its file is closed
        self.has_news = True


def _named(error: Exception) -> Exception:
    """An error of the disk as it is; one of pyarrow's about what it read as a damaged file."""
    if isinstance(error, DamagedParquet) or (isinstance(error, OSError) and error.errno):
        return error
    first = str(error).split("\n")[0]
    return DamagedParquet(f"the Parquet file is damaged ({first})")
