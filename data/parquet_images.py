"""Images that are rows of a Parquet file: their bytes, without a copy on disk.

A row group is read from its start, in batches, as far as it is asked for; what was read is kept
while there is room. So reading in order reads everything once, and reading at random costs at most
one row group for an image, and never more than `MOST_BYTES` of memory beyond a batch. Files whose
row groups fit are therefore best for training; the libraries that write images make groups of 100
to 1,000 rows.
"""

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
_MOST_GROUPS = 16
_BATCH_ROWS = 32
_READ_AHEAD = 1024**2


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


def open_parquet(path: str) -> Any:
    """A pyarrow.parquet.ParquetFile.

    Raises:
        NotARegularFile, OSError: as `open_regular`.
        DamagedParquet: it is no Parquet file.
    """
    open_regular(path).close()
    try:
        return pq.ParquetFile(pa.OSFile(path), buffer_size=_READ_AHEAD, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise _named(error, path) from error


class RowGroups:
    """Row groups that were opened last, shared by the threads of a process.

    Args:
        most_bytes: of image bytes to keep, over all groups.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
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
                opened = self._groups[key] = _OpenGroup(file, group)
            self._groups.move_to_end(key)
        try:
            found = opened.row(row, self.most_bytes)
        except (pa.ArrowException, OSError) as error:
            self._forget(key)
            raise _named(error, file) from error
        self._make_room()
        return found

    @property
    def kept_bytes(self) -> int:
        """What is kept now."""
        with self._lock:
            return sum(group.kept_bytes for group in self._groups.values())

    def _forget(self, key: _Key) -> None:
        with self._lock:
            self._groups.pop(key, None)

    def _make_room(self) -> None:
        with self._lock:
            kept = sum(group.kept_bytes for group in self._groups.values())
            while len(self._groups) > 1 and (
                kept > self.most_bytes or len(self._groups) > _MOST_GROUPS
            ):
                _, dropped = self._groups.popitem(last=False)
                kept -= dropped.kept_bytes


class _OpenGroup:
    """A row group, read as far as it was asked for."""

    def __init__(self, file: str, group: int) -> None:
        self._file, self._group = file, group
        self._lock = threading.Lock()
        self._batches: Iterator[Any] | None = None
        self._kept: deque[Any] = deque()
        self._start = 0  # the first row that is kept
        self._end = 0  # the first row that is not read yet
        self.kept_bytes = 0

    def row(self, row: int, most_bytes: int) -> bytes | None:
        with self._lock:
            if self._batches is None or row < self._start:
                self._begin()
            while row >= self._end:
                self._read_on(row, most_bytes)
            start = self._start
            for batch in self._kept:
                if row < start + len(batch):
                    value = batch[row - start].as_py()
                    return value or None
                start += len(batch)
        raise AssertionError("a row that was read is kept until the next one is")

    def _begin(self) -> None:
        opened = open_parquet(self._file)
        column = image_column(opened.schema_arrow)
        if column is None or not 0 <= self._group < opened.metadata.num_row_groups:
            what = "column of images" if column is None else f"row group {self._group}"
            raise DamagedParquet(f"the Parquet file has no {what}")
        self._batches = opened.iter_batches(
            batch_size=_BATCH_ROWS, row_groups=[self._group], columns=[column]
        )
        self._kept.clear()
        self._start = self._end = self.kept_bytes = 0

    def _read_on(self, row: int, most_bytes: int) -> None:
        assert self._batches is not None, "begun"
        batch = next(self._batches, None)
        if batch is None:
            raise DamagedParquet(f"its row group {self._group} has no row {row}")
        images = batch.column(0)
        if pa.types.is_struct(images.type):
            images = images.field("bytes")
        self._kept.append(images)
        self._end += len(images)
        self.kept_bytes += images.nbytes
        while self.kept_bytes > most_bytes and len(self._kept) > 1:
            dropped = self._kept.popleft()
            self._start += len(dropped)
            self.kept_bytes -= dropped.nbytes


def _named(error: Exception, file: str) -> Exception:
    """An error of the disk as it is; one of pyarrow's about what it read as a damaged file."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    if isinstance(error, DamagedParquet):
        return error
    first = str(error).split("\n")[0]
    return DamagedParquet(f"the Parquet file is damaged ({first})")
