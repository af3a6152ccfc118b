"""Manifests: the rows of a pool, in the order that scores refer to; they prove the pool's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from data.pools import pool_digest
from grid.records.places import MANIFESTS, manifest_key
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.parquet_files import parquet_bytes
from grid.records.tables import opened_table
from grid.store.base import Store

if TYPE_CHECKING:
    import pyarrow as pa

_PROVING = ("image", "image_id", "label")
# What manifests of earlier versions lack: it is not known of their images, and so null.
ADDED_LATER = ("jpeg_tables", "subsampling", "metadata_bytes")


@lru_cache(maxsize=1)
def manifest_schema() -> Any:
    """Return the columns of `manifests/<pool_id>.parquet`; `image` is the rank scores refer to."""
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            pa.field("image", pa.int32(), nullable=False),
            pa.field("pool_id", word, nullable=False),
            pa.field("image_id", pa.string(), nullable=False),
            pa.field("label", pa.int8(), nullable=False),
            pa.field("path", pa.string()),
            pa.field("dataset", word),
            pa.field("generator", word),
            pa.field("family", word),
            pa.field("generator_group", word),
            pa.field("split", word),
            pa.field("class", word),
            pa.field("pair", pa.string()),
            pa.field("real_set", word),
            pa.field("width", pa.int32()),
            pa.field("height", pa.int32()),
            pa.field("format", word),
            pa.field("bytes", pa.int64()),
            pa.field("jpeg_tables", word),
            pa.field("subsampling", word),
            pa.field("metadata_bytes", pa.int64()),
        ]
    )


def write_pool(store: Store, pool_id: str, rows: pa.Table | Mapping[str, Any]) -> bool:
    """Store a pool's rows, sorted by image_id; `image` and `pool_id` are filled in here.

    `rows` has columns of `manifest_schema()`; one that is absent is null. Raises ValueError where
    rows are out of order, double, of several labels or not this pool's, or a column is unknown.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    schema = manifest_schema()
    table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    unknown = sorted(set(table.column_names) - set(schema.names))
    if unknown:
        raise ValueError(
            f"pool {pool_id}: {', '.join(unknown)} is no column of a manifest; known are "
            f"{', '.join(schema.names)}."
        )
    ids = table["image_id"].cast(pa.string())
    if len(ids) > 1 and not pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        raise ValueError(
            f"pool {pool_id}: its rows are not sorted by image_id or hold one twice, and a score's "
            "`image` is the rank in that order; sort them and keep duplicates once."
        )
    if pc.count_distinct(table["label"].cast(pa.int8())).as_py() > 1:
        raise ValueError(
            f"pool {pool_id}: it holds several labels, and a pool has one source; split it."
        )
    filled = {name: table[name] for name in table.column_names}
    filled["image"] = pa.array(range(table.num_rows), pa.int32())
    filled["pool_id"] = pa.array([pool_id] * table.num_rows, pa.string())
    columns = [
        _cast(filled[field.name], field.type)
        if field.name in filled
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    made = pa.Table.from_arrays(columns, schema=schema)
    key = manifest_key(pool_id)
    stands_for = _digest(made)
    if stands_for != pool_id:
        raise ValueError(
            f"pool {pool_id}: its rows are those of {stands_for}; a pool is named by them."
        )
    return store.put_new(key, parquet_bytes(made, {"key": key}))


def read_pool(store: Store, pool_id: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a pool's rows in the order that scores refer to, or some of its columns.

    What a manifest of an earlier version does not hold (`ADDED_LATER`) is null.

    Raises:
        StoreMissing: there is no such manifest.
        CorruptRecord: it is not the one that was written, or its rows are not those of its id.
    """
    key = manifest_key(pool_id)
    return pool_of_bytes(key, store.get(key), columns)


def pool_of_bytes(key: str, data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows, or some of their columns, of a manifest that is read already."""
    import numpy as np
    import pyarrow as pa

    wanted = list(columns) if columns is not None else manifest_schema().names
    content = opened_table(key, data, manifest_schema(), may_lack=ADDED_LATER)
    held = set(content.file.schema_arrow.names)
    unknown = [name for name in wanted if name in ADDED_LATER and name not in held]
    asked = [name for name in dict.fromkeys((*wanted, *_PROVING)) if name not in unknown]
    table = content.read(asked)
    pool_id = key.removeprefix(MANIFESTS).removesuffix(".parquet")
    try:
        proves = _digest(table) == pool_id
    except ValueError:  # of a file of an earlier version: an id that is none
        proves = False
    if not proves or not np.array_equal(table["image"].to_numpy(), np.arange(table.num_rows)):
        raise CorruptRecord(key, "its rows are not those that its name stands for")
    for name in unknown:
        field = manifest_schema().field(name)
        table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(wanted)


def _digest(table: pa.Table) -> str:
    return pool_digest(table["image_id"].to_pylist(), table["label"].to_numpy())


def _cast(column: Any, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(kind) and column.type != kind:
        return column.cast(pa.string()).cast(kind)
    return column.cast(kind)
