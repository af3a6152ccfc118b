"""Parquet files of the store: written with facts and a checksum in the footer, proved when read.

The footer's key `crossgen` holds JSON. A damaged file is one typed error that names it, whatever
the library below would have raised.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grid.records.proven.checksums import (
    BLANK,
    FIELD,
    CorruptRecord,
    is_proven,
    with_checksum,
)
from grid.records.proven.json_records import SCHEMA

if TYPE_CHECKING:
    import pyarrow as pa

FOOTER_KEY = b"crossgen"
_ROWS_PER_GROUP = 2**20  # at most
_MARK = f'"{FIELD}": "'.encode()  # a quote within a JSON text is escaped, so no value looks like it


@dataclass(frozen=True)
class ParquetContent:
    """A file's bytes, and what it says of itself (None of an earlier version's table).

    `proven` says that every byte is as written; else the file is of an earlier version.
    """

    key: str
    data: bytes
    facts: dict[str, Any] | None
    proven: bool

    @cached_property
    def file(self) -> Any:
        """The file, opened; raises CorruptRecord where that cannot be done."""
        return _opened(self.key, self.data)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all columns, or some; raise CorruptRecord where they cannot be read."""
        try:
            table = self.file.read(columns=list(columns) if columns is not None else None)
            table.validate(full=not self.proven)
            return table.replace_schema_metadata(None)
        except Exception as error:  # whatever it is, it comes of these bytes
            raise _unreadable(self.key, error) from error


def parquet_bytes(table: pa.Table, facts: Mapping[str, Any] | None = None, **layout: Any) -> bytes:
    """Return a table as a zstd Parquet file that proves itself.

    Args:
        table: what it holds.
        facts: what the file says of itself, plain JSON.
        layout: passed to pyarrow's ParquetWriter.
    """
    return parquet_of_groups([table], table.schema, facts, **layout)


def parquet_of_groups(
    tables: Iterable[pa.Table],
    schema: pa.Schema,
    facts: Mapping[str, Any] | None = None,
    **layout: Any,
) -> bytes:
    """Return tables, each a row group, as `parquet_bytes` returns one."""
    import pyarrow.parquet as pq

    footer = {**(facts or {}), "schema": SCHEMA, FIELD: BLANK}
    file = io.BytesIO()
    with pq.ParquetWriter(file, schema, compression="zstd", **layout) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=_ROWS_PER_GROUP)
        writer.add_key_value_metadata({FOOTER_KEY: json.dumps(footer, sort_keys=True)})
    return with_checksum(file.getvalue(), _MARK)


def open_parquet(key: str, data: bytes) -> ParquetContent:
    """Prove a Parquet file that is read already.

    Raises:
        CorruptRecord: its bytes are not those that were written, or it is none of ours.
    """
    proven = is_proven(key, data, _MARK)
    facts = _facts_of_proven(data) if proven else _facts_of_file(key, data)
    if facts is not None and (not isinstance(facts, dict) or facts.get("schema") != SCHEMA):
        raise CorruptRecord(key, "its footer is not one that this version of crossgen writes")
    return ParquetContent(key, data, facts, proven)


def _facts_of_proven(data: bytes) -> Any:
    """Return the footer's JSON by its text: of many small files, opening them is what costs.

    Names are sorted, and before the checksum's there is no mapping within the mapping.
    """
    start = data.rindex(b'{"', 0, data.rindex(_MARK) + 2)
    return json.JSONDecoder().raw_decode(data[start:].decode("latin-1"))[0]


def _facts_of_file(key: str, data: bytes) -> Any:
    try:
        text = (_opened(key, data).metadata.metadata or {}).get(FOOTER_KEY)
        return json.loads(text) if text is not None else None
    except Exception as error:  # whatever it is, it comes of these bytes
        raise _unreadable(key, error) from error


def _opened(key: str, data: bytes) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(pa.BufferReader(data))
    except Exception as error:  # whatever it is, it comes of these bytes
        raise _unreadable(key, error) from error


def _unreadable(key: str, error: Exception) -> CorruptRecord:
    if isinstance(error, CorruptRecord):
        return error
    said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return CorruptRecord(key, f"it is not a readable Parquet file ({said})")
