"""Cells that were measured before, kept below `derived/`: a table of counts, one per metric.

A metric's table has its values and the bounds of their intervals, and is named by its version, so
that a new metric, or a new version of one, makes no number of the others anew. Whatever is not as
it was written (damage, an earlier form) is passed over and made again. The tables can be deleted at
any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import astuple, fields
from typing import Any

from analysis.measuring.cell_measures import Counts, Measured
from analysis.measuring.metric_registry import Metric, known_metrics
from grid.records.places import cells_key
from grid.records.proven.json_records import CorruptRecord
from grid.records.proven.parquet_files import open_parquet, parquet_bytes
from grid.store.base import Store
from grid.store.errors import StoreUnwritable

log = logging.getLogger(__name__)

# Raised when other rows would count, so that no old number of any metric is taken for a new one.
CELLS_VERSION = 5
COUNTS_KEY = cells_key(CELLS_VERSION, "counts")
_COUNTS = tuple(field.name for field in fields(Counts))
_NUMBERS = ("value", "low", "high")


def metric_key(metric: Metric) -> str:
    """Return where the numbers of a metric are kept."""
    return cells_key(CELLS_VERSION, f"{metric.name}-v{metric.version}")


class CellCache:
    """The kept numbers of a store's cells, by the digest of what they are computed from."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._metrics = known_metrics()
        keys = [COUNTS_KEY, *(metric_key(each) for each in self._metrics)]
        content = store.get_many(keys)
        self._counts = _read(content, COUNTS_KEY, _COUNTS)
        self._values = {
            each.name: _read(content, metric_key(each), _columns(each)) for each in self._metrics
        }
        self._changed: set[str] = set()
        self._passing: set[str] = set()

    def has(self, key: str) -> bool:
        """Say whether all of a cell is kept."""
        return key in self._counts and all(key in known for known in self._values.values())

    def get(self, key: str) -> Measured | None:
        """Return what is kept of a cell, None where any of it is not."""
        try:
            kept = {name: known[key] for name, known in self._values.items()}
            return Measured(
                Counts(*self._counts[key]),
                {name: value for name, (value, _, _) in kept.items()},
                {
                    name: None if low is None else (low, high)
                    for name, (_, low, high) in kept.items()
                },
            )
        except KeyError:
            return None

    def lacking(self, key: str) -> tuple[Metric, ...]:
        """Return the metrics of a cell that are not kept."""
        return tuple(each for each in self._metrics if key not in self._values[each.name])

    def add(self, key: str, measured: Measured, *, lasting: bool = True) -> None:
        """Take the counts and some metrics of a cell; those that are not `lasting` are not written.

        So it is with metrics that are None because a file is damaged now.
        """
        if not lasting:
            self._passing.add(key)
        if key not in self._counts:
            self._counts[key] = astuple(measured.counts)
            self._changed.add(COUNTS_KEY)
        for each in self._metrics:
            if each.name in measured.metrics:
                low, high = measured.intervals[each.name] or (None, None)
                self._values[each.name][key] = (measured.metrics[each.name], low, high)
                self._changed.add(metric_key(each))

    def write(self) -> None:
        """Write the tables that have new rows; a store that cannot be written stays as it is."""
        tables = {COUNTS_KEY: (_COUNTS, self._counts)}
        for each in self._metrics:
            tables[metric_key(each)] = (_columns(each), self._values[each.name])
        try:
            for key, (names, rows) in tables.items():
                if key in self._changed:
                    lasting = {cell: row for cell, row in rows.items() if cell not in self._passing}
                    self._store.put_checkpoint(key, _table(names, lasting))
        except StoreUnwritable as error:  # a store on a read-only mount is analysed all the same
            log.info("cells are not cached: %s", error)
        self._changed.clear()


def count_types() -> dict[str, Any]:
    """Return the pyarrow type of each count, by its name in `Counts`."""
    import pyarrow as pa

    return {name: pa.bool_() if name == "constant" else pa.int64() for name in _COUNTS}


def _columns(metric: Metric) -> tuple[str, ...]:
    """Return the columns of a metric's table; they name it, so no other's is taken for it."""
    return tuple(f"{metric.name}-v{metric.version} {number}" for number in _NUMBERS)


def _read(
    content: Mapping[str, bytes], key: str, names: tuple[str, ...]
) -> dict[str, tuple[Any, ...]]:
    if key not in content:
        return {}
    try:
        kept = open_parquet(key, content[key])
        table = kept.read()
    except CorruptRecord as error:
        log.info("cells are computed again: %s", error)
        return {}
    if not kept.proven or table.column_names != ["cell_key", *names]:
        return {}  # it is not of this version
    cell_keys, *columns = (column.to_pylist() for column in table.columns)
    return dict(zip(cell_keys, zip(*columns, strict=True), strict=True))


def _table(names: tuple[str, ...], rows: Mapping[str, tuple[Any, ...]]) -> bytes:
    import pyarrow as pa

    columns: dict[str, Any] = {"cell_key": list(rows)}
    types = count_types()
    for n, name in enumerate(names):
        kind = types.get(name, pa.float64())
        columns[name] = pa.array([row[n] for row in rows.values()], kind)
    return parquet_bytes(pa.table(columns))
