"""Where a pool's images lie today, with the class and pair that their folders name.

A table per pool below `derived/paths/`, named by its content. It is a cache of what a plan found
on disk: a damaged one is written again by the next plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grid.records.identity import digest_of_json
from grid.records.places import files_key
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.parquet_files import open_parquet, parquet_bytes
from grid.store.base import Store
from grid.store.errors import StoreMissing

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ("path", "class", "pair")


def publish_files(store: Store, pool_id: str, today: Mapping[str, Sequence[str]]) -> str:
    """Write a table, unless this very one is there and sound; return its key.

    Args:
        store: gets it.
        pool_id: whose images.
        today: path, class and pair of each, in the order of their ranks.
    """
    import pyarrow as pa

    key = files_key(pool_id, _digest(today))
    try:
        read_files(store, key)
    except (StoreMissing, CorruptRecord):
        store.put_checkpoint(key, files_bytes(key, pa.table(dict(today))))
    return key


def files_bytes(key: str, table: pa.Table) -> bytes:
    """Return a table as the file of this key."""
    return parquet_bytes(table, {"key": key})


def read_files(store: Store, key: str) -> pa.Table:
    """Return the table of a key.

    Raises:
        StoreMissing: there is none.
        CorruptRecord: it is not the one that was written.
    """
    content = open_parquet(key, store.get(key))
    table = content.read()
    if content.proven:
        sound = content.facts is not None and content.facts.get("key") == key
    else:  # of an earlier version; its name is the digest of its content
        sound = key.endswith(f"/{_digest(table.to_pydict())}.parquet")
    if not sound or tuple(table.column_names) != _COLUMNS:
        raise CorruptRecord(
            key,
            "it is not the table that its name says",
            "run the experiment's command again, planning writes it anew",
        )
    return table


def _digest(today: Mapping[str, Sequence[str]]) -> str:
    return digest_of_json({name: list(values) for name, values in today.items()})[:16]
