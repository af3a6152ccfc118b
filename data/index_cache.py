"""What was read from the files of one root, kept between runs: a cache, never identity.

An entry is trusted while the file's size and modification time are the same; decoding checks the
bytes again. A cache that cannot be read is made anew.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

_VERSION = b"3"
_VERSION_KEY = b"crossgen index"


class IndexedFile(NamedTuple):
    """A file as it was when it was read."""

    size: int
    mtime_ns: int
    image_id: str  # "" where the file is unusable
    format: str
    width: int
    height: int
    jpeg_tables: str
    subsampling: str
    metadata_bytes: int
    problem: str  # why the file is unusable, else ""


_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("image_id", pa.string()),
        ("format", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("jpeg_tables", pa.dictionary(pa.int32(), pa.string())),
        ("subsampling", pa.string()),
        ("metadata_bytes", pa.int64()),
        ("problem", pa.string()),
    ],
    metadata={_VERSION_KEY: _VERSION},
)


def cache_path(cache_dir: Path, root: Path) -> Path:
    """Where the entries of a root lie; a root that was moved is read again."""
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:20]
    return cache_dir / f"index-{digest}.parquet"


def read_entries(path: Path) -> dict[str, IndexedFile]:
    """The entries by path; none when the cache is missing, of another version or damaged."""
    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException):
        return {}
    if not table.schema.equals(_SCHEMA, check_metadata=False):
        return {}
    if (table.schema.metadata or {}).get(_VERSION_KEY) != _VERSION:
        return {}
    paths, *columns = (column.to_pylist() for column in table.columns)
    return dict(zip(paths, map(IndexedFile._make, zip(*columns, strict=True)), strict=True))


def write_entries(path: Path, entries: dict[str, IndexedFile]) -> None:
    """Write all entries, atomically: a reader finds the old cache or the new one."""
    columns = list(zip(*entries.values(), strict=True)) or [()] * (len(_SCHEMA) - 1)
    table = pa.Table.from_arrays(
        [
            pa.array(column, field.type)
            for column, field in zip([tuple(entries), *columns], _SCHEMA, strict=True)
        ],
        schema=_SCHEMA,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            pq.write_table(table, file, compression="zstd")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
