"""Table lists of `equalise: match` in the store, each named by the digest of its content.

A view says a list's digest only. Whoever reads a store to apply such a view, or to leave out what
it leaves out, makes the list known to its process here first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from data.operations import parse
from grid.records.places import manifest_key, table_list_key
from grid.records.pools.manifests import read_pool
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.json_records import SCHEMA, from_json, to_json
from grid.store.base import Store

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from data.matching.table_list import TableList

WRITE_ANEW = (
    "delete it from the store: the next run writes it anew, and all experiments that test these "
    "images follow"
)

_FIELDS = ("size_px", "codings")


def write_table_list(store: Store, table_list: TableList) -> bool:
    """Store a list; False where it is there already."""
    record = {"schema": SCHEMA, **table_list.as_json()}
    return store.put_new(table_list_key(table_list.digest), to_json(record))


def read_table_list(store: Store, digest: str) -> TableList:
    """Return a list by its digest.

    Raises:
        StoreMissing: there is none.
        CorruptRecord: it is not the one that was written.
    """
    from data.matching.table_list import TableList

    key = table_list_key(digest)
    record = from_json(key, store.get(key), _FIELDS)
    try:
        found = TableList.from_json(record)
    except ValueError as error:
        raise CorruptRecord(key, str(error).rstrip(".")) from error
    if found.digest != digest:
        raise CorruptRecord(key, "its content is not what its name stands for")
    return found


def make_known(store: Store, equalise: Iterable[str]) -> None:
    """Read the lists that some equalises name, so that views with them can be applied here.

    Args:
        store: has the lists.
        equalise: canonical texts; most name none.

    Raises:
        StoreMissing, CorruptRecord: as `read_table_list`.
    """
    for digest in lists_named(equalise):
        from data.matching.table_list import is_known, remember

        if not is_known(digest):
            remember(read_table_list(store, digest))


def lists_named(equalise: Iterable[str]) -> list[str]:
    """Return the digests of the lists that some equalises name, each once."""
    found: dict[str, None] = {}
    for text in dict.fromkeys(equalise):
        if text != "none":
            from data.matching.table_list import tables_named

            if digest := tables_named(parse(text, "equalise")):
                found[digest] = None
    return list(found)


def leaves_out(equalise: str) -> bool:
    """Say whether an equalise leaves images out, by header facts of theirs."""
    return bool(lists_named([equalise]))


def kept_of_pool(store: Store, pool_id: str, label: int, equalise: str) -> np.ndarray | None:
    """Return which rows of a stored pool an equalise keeps, shape (n,); None where it keeps all.

    Raises:
        StoreMissing: the manifest or the equalise's list is not there.
        CorruptRecord: one of them is damaged, or the manifest is of a version that did not say how
            files are coded.
    """
    if not leaves_out(equalise):
        return None
    from data.matching.left_out import FACTS, FactsUnknown

    make_known(store, [equalise])
    facts = read_pool(store, pool_id, FACTS)
    try:
        return kept_by(equalise, label, facts)
    except FactsUnknown as error:
        raise CorruptRecord(manifest_key(pool_id), str(error), WRITE_ANEW) from error


def kept_by(equalise: str, label: int, table: pa.Table) -> np.ndarray | None:
    """Return which rows of a pool an equalise keeps, shape (n,); None where it keeps all.

    Args:
        equalise: canonical text, whose list is known here.
        label: of the pool.
        table: of its manifest.

    Raises:
        FactsUnknown: the manifest does not say how its files are coded.
    """
    named = lists_named([equalise])
    if not named:
        return None
    from data.matching.left_out import left_out
    from data.matching.table_list import table_list_of

    kept: np.ndarray = ~left_out(label, table, table_list_of(named[0]).size_px).either
    return kept


def as_asked(equalise: str) -> str:
    """Return an equalise as the experiment's file says it, without the list that it was given.

    What tests have in common is what was asked for: each test set has a list of its own.
    """
    if not lists_named([equalise]):
        return equalise
    return " | ".join(_as_asked(step) for step in parse(equalise, "equalise").operations)


def _as_asked(step: Any) -> str:
    from dataclasses import replace

    keywords = tuple((name, value) for name, value in step.keywords if name != "tables")
    return str(replace(step, keywords=keywords).canonical)
