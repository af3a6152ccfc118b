"""Cells as fragments of one Arrow dataset whose rows are computed when a query asks for them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from analysis.measuring.image_strata import AXES
from analysis.measuring.row_masks import UnknownClasses
from analysis.measuring.strata import StrataOfCells
from analysis.selecting.selection import StoreSelection
from analysis.statistics.effect import Interval
from grid.records.experiments import Cell
from grid.store.errors import StoreError

log = logging.getLogger(__name__)


class StrataDataset(ds.FileSystemDataset):  # type: ignore[misc]
    """The strata of some cells; each cell is a fragment that says what its rows share, and no file.

    DuckDB asks for a scanner with the filter of a query. Only the cells and axes that it can be
    about are computed, one cell after the other as they are read.

    An Arrow scanner of batches would compute ahead in threads of its own. Behind a LIMIT these go
    on when the query is over, and a process that ends meanwhile is aborted by Python. So the rows
    are a plain stream: who pulls computes.
    """

    def __init__(
        self,
        selection: StoreSelection,
        cells: Mapping[str, tuple[Cell, dict[str, Any]]],
        schema: Any,
    ) -> None:
        """Take cells by a key of their own, each with the columns that all its rows share.

        Keys that are sorted put cells of one fit and condition side by side. `leakage` is among
        the columns.
        """
        self._selection, self._cells = selection, cells
        self._made = ds.ParquetFileFormat(), LocalFileSystem()
        places = {key: _expression(shared, schema) for key, (_, shared) in cells.items()}
        super().__init__(self._fragments(places), schema, *self._made)

    def scanner(self, columns: Any = None, filter: Any = None, **options: Any) -> Any:
        """Return a scanner of the rows that the filter can be about."""
        keys = [each.path for each in self.get_fragments(filter)]
        by_axis = {axis: ds.field("axis") == axis for axis in AXES}
        axes_alone = ds.FileSystemDataset(self._fragments(by_axis), self.schema, *self._made)
        asked = {each.path for each in axes_alone.get_fragments(filter)}
        batches = self._batches(sorted(keys), [axis for axis in AXES if axis in asked])
        return _PulledRows(batches, self.schema, columns, filter)

    def _fragments(self, places: Mapping[str, Any]) -> list[Any]:
        form, filesystem = self._made
        return [
            form.make_fragment(key, filesystem, partition_expression=expression)
            for key, expression in places.items()
        ]

    def _batches(self, keys: list[str], axes: list[str]) -> Iterator[pa.RecordBatch]:
        strata = StrataOfCells(self._selection)
        for key in keys:
            rows = self._rows(strata, key, axes)
            yield pa.RecordBatch.from_pylist(rows, schema=self.schema)

    def _rows(self, strata: StrataOfCells, key: str, axes: list[str]) -> list[dict[str, Any]]:
        cell, shared = self._cells[key]
        try:
            sides = strata.sides(cell, shared["leakage"])
        except StoreError as error:
            self._selection.leave_out(error.key, error)
            return []
        except UnknownClasses as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            return []
        return [
            {
                **shared,
                "axis": each.axis,
                "stratum": each.name,
                "n_real": each.n_real,
                "n_real_wrong": each.n_real_wrong,
                "n_fake": each.n_fake,
                "n_fake_right": each.n_fake_right,
                **_with_interval("fpr", each.fpr),
                **_with_interval("tpr", each.tpr),
                **_with_interval("auc", strata.auc(sides, each)),
            }
            for each in strata.counted(sides, axes)
        ]


class _PulledRows:
    """What DuckDB asks of a scanner: a stream of the rows and columns that are wanted."""

    def __init__(
        self,
        batches: Iterator[pa.RecordBatch],
        schema: pa.Schema,
        columns: Sequence[str] | None,
        filter: Any,
    ) -> None:
        self._batches, self._filter = batches, filter
        self._columns = schema.names if columns is None else list(columns)
        self._schema = pa.schema([schema.field(name) for name in self._columns])

    def to_reader(self) -> pa.RecordBatchReader:
        """Return the stream; nothing is computed before it is read."""
        return pa.RecordBatchReader.from_batches(self._schema, self._wanted())

    def _wanted(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            table = pa.Table.from_batches([batch])
            rows = table if self._filter is None else table.filter(self._filter)
            yield from rows.select(self._columns).to_batches()


def _expression(shared: Mapping[str, Any], schema: Any) -> Any:
    expression = None
    for name, value in shared.items():
        if value is not None and not isinstance(value, list):
            part = ds.field(name) == pa.scalar(value, schema.field(name).type)
            expression = part if expression is None else expression & part
    return expression


def _with_interval(name: str, found: Interval | None) -> dict[str, float | None]:
    return {
        name: found.estimate if found is not None else None,
        f"{name}_low": found.low if found is not None else None,
        f"{name}_high": found.high if found is not None else None,
    }
