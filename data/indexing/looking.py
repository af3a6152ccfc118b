"""What lies below a root just now: the layout's files, each looked at, none opened.

Folders are listed and files that were found are looked at in threads of their own: on a shared disk
each takes a round trip, and many of them are under way at a time.
"""

import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from data.file_problems import ACCESS, FileProblem
from data.image_sources import SIZE_UNKNOWN, status_of
from data.indexing.columns import PLACES, joined, table_of_places
from data.layouts import FoundImage
from data.listed_ahead import THREADS
from data.regular_files import other_kind

_FILES_PER_TABLE = 4096
_FILES_PER_TASK = 256  # few enough that a small collection is looked at by all threads too
_NOT_LOOKED_AT = -2

Numbers = npt.NDArray[np.int64]
Shard = tuple[int, int]
"""Which part of a collection: the first of three is (1, 3)."""


@dataclass(frozen=True)
class Looked:
    """The files of a collection, sorted by path."""

    table: Any  # pyarrow.Table with the columns PLACES
    sizes: Numbers  # bytes; SIZE_UNKNOWN for a row of a Parquet file, less without a look
    times: Numbers  # of the last modification, ns
    faults: dict[int, str]  # by row, why a file could not be looked at or opened
    unnamed: list[FileProblem]  # files whose names are no text, which no row can hold

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def can_be_read(self) -> npt.NDArray[np.bool_]:
        """Which files could be looked at and are ones to be opened."""
        return self.sizes > _NOT_LOOKED_AT


class _Statuses(NamedTuple):
    sizes: Numbers
    times: Numbers
    faults: dict[int, str]


def look(root: str, found: Iterable[FoundImage], shard: Shard | None = None) -> Looked:
    """Look at every file that a layout finds.

    Args:
        root: of the collection.
        found: from the layout's `scan`.
        shard: only the files of this part.
    """
    tables: list[Any] = []
    unnamed: list[FileProblem] = []
    tasks: list[Future[_Statuses]] = []
    with ThreadPoolExecutor(THREADS, "look") as pool:
        try:
            for batch in _batches(found):
                named = [image for image in batch if _has_name(image.path, unnamed)]
                if shard is not None:
                    named = [image for image in named if is_of_shard(image.path, shard)]
                tables.append(table_of_places(named))
                parts = _parts([image.path for image in named])
                tasks += [pool.submit(_statuses, root, part) for part in parts]
            statuses = [task.result() for task in tasks]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return _sorted_by_path(joined(PLACES, tables), statuses, unnamed)


def statuses(root: str, paths: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Size and time of modification of each file, as in `Looked`."""
    with ThreadPoolExecutor(THREADS, "look") as pool:
        found = list(pool.map(lambda part: _statuses(root, part), _parts(paths)))
    return _together(found)


def same_sizes(before: Numbers, now: Numbers) -> npt.NDArray[np.bool_]:
    """Whether sizes are those of before, as far as they are known without reading."""
    are_same: npt.NDArray[np.bool_] = (now == before) | (now == SIZE_UNKNOWN)
    return are_same


def is_of_shard(path: str, shard: Shard) -> bool:
    """Whether a file belongs to a part of its collection: a function of its path alone."""
    number, of = shard
    return zlib.crc32(path.encode()) % of == number - 1


def check_shard(shard: Shard) -> None:
    """Refuse a part that there is not with a ValueError."""
    number, of = shard
    if not 1 <= number <= of:
        raise ValueError(
            f"Shard {number}/{of} is none: parts are counted from 1; give 1/{max(of, 1)} to "
            f"{max(of, 1)}/{max(of, 1)}."
        )


def _batches(found: Iterable[FoundImage]) -> Iterator[list[FoundImage]]:
    images = iter(found)
    while batch := list(islice(images, _FILES_PER_TABLE)):
        yield batch


def _parts(paths: Sequence[str]) -> list[Sequence[str]]:
    """Paths in as many parts as there are tasks."""
    return [
        paths[start : start + _FILES_PER_TASK] for start in range(0, len(paths), _FILES_PER_TASK)
    ]


def _has_name(path: str, unnamed: list[FileProblem]) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        name = path.encode(errors="backslashreplace").decode()
        unnamed.append(FileProblem(name, "the file's name is not UTF-8; rename it", ACCESS))
        return False
    return True


def _statuses(root: str, paths: Sequence[str]) -> _Statuses:
    sizes = np.full(len(paths), _NOT_LOOKED_AT, np.int64)
    times = np.zeros(len(paths), np.int64)
    faults: dict[int, str] = {}
    for row, path in enumerate(paths):
        try:
            status = status_of(f"{root}/{path}")
        except OSError as error:
            faults[row] = _unseen(f"{root}/{path}", error)
            continue
        if stat.S_ISREG(status.st_mode):
            sizes[row], times[row] = status.st_size, status.st_mtime_ns
        elif stat.S_ISDIR(status.st_mode):
            faults[row] = "a folder that cannot be listed"
        else:
            faults[row] = other_kind(status.st_mode)
    return _Statuses(sizes, times, faults)


def _unseen(path: str, error: OSError) -> str:
    """Why a file could not be looked at; one that is not there is the common case, in lists."""
    if not isinstance(error, FileNotFoundError):
        return f"cannot be looked at ({error.strerror})"
    return "a link to nothing that is there" if Path(path).is_symlink() else "there is no such file"


def _sorted_by_path(table: Any, parts: list[_Statuses], unnamed: list[FileProblem]) -> Looked:
    sizes, times = _together(parts)
    starts = np.cumsum([0, *(len(part.sizes) for part in parts)])
    faults = {
        int(start) + row: why
        for start, part in zip(starts, parts, strict=False)
        for row, why in part.faults.items()
    }
    paths = table["path"]
    if len(paths) > 1 and not pc.all(pc.less_equal(paths[:-1], paths[1:])).as_py():
        order = pc.sort_indices(paths).to_numpy()
        row_of = np.empty(len(order), np.int64)
        row_of[order] = np.arange(len(order))
        table, sizes, times = table.take(order), sizes[order], times[order]
        faults = {int(row_of[row]): why for row, why in faults.items()}
    return Looked(table, sizes, times, faults, unnamed)


def _together(parts: Sequence[_Statuses]) -> tuple[Numbers, Numbers]:
    none = np.zeros(0, np.int64)
    return (
        np.concatenate([none, *(part.sizes for part in parts)]),
        np.concatenate([none, *(part.times for part in parts)]),
    )
