"""The other tables of a store: a pool's rows, a fit's history and its validation scores."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from grid.commits import Commit
from grid.json_records import SCHEMA, CorruptRecord, from_json, to_json
from grid.places import history_key, manifest_key, provenance_key, validation_key
from grid.store import Store

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa


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
        ]
    )


@lru_cache(maxsize=1)
def history_schema() -> Any:
    """Return the columns of `history.parquet`, one row per epoch."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("epoch", pa.int32(), nullable=False),
            pa.field("step", pa.int64()),
            pa.field("lr", pa.float64()),
            pa.field("train_loss", pa.float64()),
            pa.field("validation_loss", pa.float64()),
            pa.field("validation_auc", pa.float64()),
            pa.field("validation_accuracy", pa.float64()),
            pa.field("images_per_s", pa.float64()),
            pa.field("seconds", pa.float64()),
            pa.field("data_wait_share", pa.float64()),
        ]
    )


@lru_cache(maxsize=1)
def validation_schema() -> Any:
    """Return the columns of `validation.parquet`."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("image_id", pa.string(), nullable=False),
            pa.field("label", pa.int8(), nullable=False),
            pa.field("logit", pa.float32()),
        ]
    )


def write_pool(store: Store, pool_id: str, rows: pa.Table | Mapping[str, Any]) -> bool:
    """Store a pool's rows, sorted by image_id; `image` and `pool_id` are filled in here.

    `rows` has columns of `manifest_schema()`; one that is absent is null. Raises ValueError where
    rows are out of order, double or of several labels, or a column is unknown.
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
    return store.put_new(
        manifest_key(pool_id), parquet_bytes(pa.Table.from_arrays(columns, schema=schema))
    )


def read_pool(store: Store, pool_id: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a pool's rows in the order that scores refer to, or some of its columns."""
    return _read(store, manifest_key(pool_id), manifest_schema(), columns)


def pool_of_bytes(key: str, data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows, or some of their columns, of a manifest that is read already."""
    return _opened(key, data, manifest_schema(), columns)


def write_provenance(store: Store, fit_id: str, attempt: str, facts: Mapping[str, Any]) -> bool:
    """Store what an attempt tells of its host, packages and times; all of it is informative."""
    return store.put_new(provenance_key(fit_id, attempt), to_json({**facts, "schema": SCHEMA}))


def read_provenance(store: Store, fit_id: str, attempt: str) -> dict[str, Any]:
    """Return an attempt's provenance."""
    key = provenance_key(fit_id, attempt)
    return from_json(key, store.get(key), ())


def read_provenances(store: Store, commits: Iterable[Commit]) -> dict[str, dict[str, Any]]:
    """Return the provenance of committed fits by fit id; one that is not there is left out."""
    keys = {provenance_key(each["fit_id"], each["attempt"]): each["fit_id"] for each in commits}
    found = store.get_many(list(keys))
    return {keys[key]: from_json(key, data, ()) for key, data in found.items()}


def write_history(
    store: Store, fit_id: str, attempt: str, rows: Sequence[Mapping[str, Any]]
) -> bool:
    """Store an attempt's history, one mapping per epoch; a NaN stays NaN, a None is null."""
    import pyarrow as pa

    table = pa.Table.from_pylist([dict(row) for row in rows], schema=history_schema())
    return store.put_new(history_key(fit_id, attempt), parquet_bytes(table))


def read_history(store: Store, fit_id: str, attempt: str) -> pa.Table:
    """Return an attempt's history."""
    return _read(store, history_key(fit_id, attempt), history_schema(), None)


def read_histories(store: Store, commits: Iterable[Commit]) -> dict[str, pa.Table]:
    """Return the history of committed fits by fit id; one that is not there is left out."""
    keys = {history_key(each["fit_id"], each["attempt"]): each["fit_id"] for each in commits}
    found = store.get_many(list(keys))
    return {keys[key]: _opened(key, data, history_schema(), None) for key, data in found.items()}


def write_validation(
    store: Store,
    fit_id: str,
    attempt: str,
    image_ids: Sequence[str],
    labels: npt.ArrayLike,
    logits: npt.ArrayLike,
) -> bool:
    """Store the validation scores of the selected epoch; NaN becomes null."""
    import numpy as np
    import pyarrow as pa

    values = np.asarray(logits, dtype=np.float32)
    table = pa.Table.from_arrays(
        [
            pa.array(list(image_ids), pa.string()),
            pa.array(np.asarray(labels, dtype=np.int8)),
            pa.array(values, mask=np.isnan(values)),
        ],
        schema=validation_schema(),
    )
    return store.put_new(validation_key(fit_id, attempt), parquet_bytes(table))


def read_validation(store: Store, fit_id: str, attempt: str) -> pa.Table:
    """Return an attempt's validation scores."""
    return _read(store, validation_key(fit_id, attempt), validation_schema(), None)


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as a zstd Parquet file."""
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()


def _cast(column: Any, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return column.cast(pa.string()).cast(kind)
    return column.cast(kind)


def _read(store: Store, key: str, schema: Any, columns: Sequence[str] | None) -> pa.Table:
    return _opened(key, store.get(key), schema, columns)


def _opened(key: str, data: bytes, schema: Any, columns: Sequence[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
    except pa.ArrowInvalid as error:
        raise CorruptRecord(
            f"{key}: it is not a readable Parquet file ({error}); delete it and run again."
        ) from error
    missing = sorted(set(columns or schema.names) - set(file.schema_arrow.names))
    if missing:
        raise CorruptRecord(
            f"{key}: it lacks the columns {', '.join(missing)}; delete it and run again."
        )
    return file.read(columns=list(columns) if columns is not None else None)
