"""What an attempt leaves beside its weights: history, validation scores and provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from grid.records.commits import Commit
from grid.records.places import history_key, provenance_key, validation_key
from grid.records.proven.checksums import FIELD, CorruptRecord
from grid.records.proven.json_records import SCHEMA, from_json, to_json
from grid.records.proven.parquet_files import ParquetContent, open_parquet, parquet_bytes
from grid.store.base import Store

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa


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


def write_provenance(store: Store, fit_id: str, attempt: str, facts: Mapping[str, Any]) -> bool:
    """Store what an attempt tells of its host, packages and times; all of it is informative."""
    return store.put_new(provenance_key(fit_id, attempt), to_json({**facts, "schema": SCHEMA}))


def read_provenance(store: Store, fit_id: str, attempt: str) -> dict[str, Any]:
    """Return an attempt's provenance."""
    key = provenance_key(fit_id, attempt)
    return _provenance(key, store.get(key))


def read_provenances(store: Store, commits: Iterable[Commit]) -> dict[str, dict[str, Any]]:
    """Return the provenance of committed fits by fit id; one that is not there is left out."""
    keys = {provenance_key(each["fit_id"], each["attempt"]): each["fit_id"] for each in commits}
    found = store.get_many(list(keys))
    return {keys[key]: _provenance(key, data) for key, data in found.items()}


def write_history(
    store: Store, fit_id: str, attempt: str, rows: Sequence[Mapping[str, Any]]
) -> bool:
    """Store an attempt's history, one mapping per epoch; a NaN stays NaN, a None is null."""
    import pyarrow as pa

    table = pa.Table.from_pylist([dict(row) for row in rows], schema=history_schema())
    return _write(store, history_key(fit_id, attempt), table)


def read_history(store: Store, fit_id: str, attempt: str) -> pa.Table:
    """Return an attempt's history."""
    key = history_key(fit_id, attempt)
    return history_of_bytes(key, store.get(key))


def history_of_bytes(key: str, data: bytes) -> pa.Table:
    """Return the rows of a history that is read already."""
    return opened_table(key, data, history_schema()).read()


def read_histories(store: Store, commits: Iterable[Commit]) -> dict[str, pa.Table]:
    """Return the history of committed fits by fit id; one that is not there is left out."""
    keys = {history_key(each["fit_id"], each["attempt"]): each["fit_id"] for each in commits}
    found = store.get_many(list(keys))
    return {keys[key]: history_of_bytes(key, data) for key, data in found.items()}


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
    return _write(store, validation_key(fit_id, attempt), table)


def read_validation(store: Store, fit_id: str, attempt: str) -> pa.Table:
    """Return an attempt's validation scores."""
    key = validation_key(fit_id, attempt)
    return opened_table(key, store.get(key), validation_schema()).read()


def opened_table(
    key: str, data: bytes, schema: Any, may_lack: Sequence[str] = ()
) -> ParquetContent:
    """Prove and open a table that is read already, and hold it against its columns.

    Args:
        key: the file.
        data: its bytes.
        schema: the columns that it has.
        may_lack: those of them that earlier versions did not write.

    Raises:
        CorruptRecord: it is not the table that was written under this name.
    """
    content = open_parquet(key, data)
    facts = content.facts
    if facts is not None and not content.proven:  # tables of earlier versions have no facts
        raise CorruptRecord(key, f"its footer has lost its {FIELD}")
    if facts is not None and facts.get("key") != key:
        raise CorruptRecord(key, f"it was written as {facts.get('key')}")
    try:
        columns = content.file.schema_arrow
    except Exception as error:  # whatever it is, it comes of these bytes
        raise CorruptRecord(key, f"its columns cannot be read ({error})") from error
    missing = sorted(set(schema.names) - set(columns.names) - set(may_lack))
    if missing:
        raise CorruptRecord(key, f"it lacks the columns {', '.join(missing)}")
    for field in schema:
        if field.name in columns.names and columns.field(field.name).type != field.type:
            raise CorruptRecord(
                key,
                f"its column {field.name} is {columns.field(field.name).type}, not {field.type}",
            )
    return content


def _provenance(key: str, data: bytes) -> dict[str, Any]:
    facts = from_json(key, data, ())
    # What an attempt tells is free, but where it says whose it is, that is this one's.
    fit_id, attempt = facts.get("fit_id"), facts.get("attempt")
    if None not in (fit_id, attempt) and provenance_key(str(fit_id), str(attempt)) != key:
        raise CorruptRecord(key, f"it is of {fit_id}, attempt {attempt}")
    return facts


def _write(store: Store, key: str, table: pa.Table) -> bool:
    return store.put_new(key, parquet_bytes(table, {"key": key}))
