"""Cells: one fit at one epoch on one test set under one degradation, computed from the scores.

Pools are always scored whole; what a test set leaves out is left out here. First images that an
earlier pool of its reals (or of its fakes) holds as well, its filter of classes (a list, or those
that the fit at hand was not trained on), and what its equalise leaves out. Then, by the
experiment's leakage rule, rows whose very image the fit was trained or validated on (`seen`):
`exclude` leaves them out, `allow` keeps them, `refuse` stopped at plan time and leaves out what
came in later. Then rows without a logit. What remains is counted and measured; so under `exclude`
the images of a test set are n_real + n_fake + n_seen + n_null.

A cell's numbers depend on committed files alone, so they are computed once and kept under the
digest of them and of the rules (`analysis.measuring.cell_cache`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.measuring.cell_cache import CellCache
from analysis.measuring.cell_inputs import CellReader
from analysis.measuring.cell_measures import Measured, measure
from analysis.measuring.held_scores import condition_of
from analysis.measuring.metric_registry import Metric
from analysis.measuring.row_masks import UnknownClasses, class_filter
from analysis.selecting.selection import StoreSelection
from grid.records.ensembles import EnsembleCell
from grid.records.experiments import Cell, ExperimentRecord
from grid.records.identity import digest
from grid.records.proven.checksums import UnusableFile
from grid.store.errors import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredCell:
    """A complete cell of an experiment, and what was measured; two of one `key` are one cell."""

    key: str
    cell: Cell
    experiment: ExperimentRecord
    measured: Measured


def measured_cells(selection: StoreSelection) -> list[MeasuredCell]:
    """Return the complete cells of a selection, measured now or kept since an earlier time.

    A cell with a refused score file (foreign weights), or of untrained classes for a fit whose
    classes are not known, is left out, and named in the log.
    """
    found = []
    for cell, experiment in (*selection.complete_cells, *selection.complete_ensemble_cells):
        try:
            key = _cell_key(cell, experiment["leakage"], selection)
        except UnknownClasses as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            continue
        found.append((key, cell, experiment))
    kept = CellCache(selection.store)
    missing = {
        key: _Missing(cell, each["leakage"], kept.lacking(key))
        for key, cell, each in found
        if not kept.has(key)
    }
    if missing:
        for key, numbers, lasting in _compute(selection, missing):
            kept.add(key, numbers, lasting=lasting)
        kept.write()
        selection.tell_unproven()
    return [
        MeasuredCell(*each, measured)
        for each in found
        if (measured := kept.get(each[0])) is not None
    ]


@dataclass(frozen=True)
class _Missing:
    """A cell of which some numbers, or all, are to be computed."""

    cell: Cell
    leakage: str
    metrics: tuple[Metric, ...]


def _cell_key(cell: Cell, leakage: str, selection: StoreSelection) -> str:
    wanted = class_filter(cell, selection)
    if isinstance(cell, EnsembleCell):
        keys = sorted(_cell_key(member, leakage, selection) for member in cell.members)
        return digest([cell.by, keys, None if wanted is None else [wanted.but, *wanted.names]])[:32]
    commit = selection.commits[cell.fit_id]
    return digest(
        [
            cell.test_set,
            [piece.key for piece in cell.real],
            [piece.key for piece in cell.fake],
            None if wanted is None else [wanted.but, *wanted.names],
            commit["weights"][str(cell.epoch)]["sha256"],
            leakage,
        ]
    )[:32]


def _compute(
    selection: StoreSelection, missing: Mapping[str, _Missing]
) -> Iterator[tuple[str, Measured, bool]]:
    """Measure cells condition by condition: only one condition of one fit is held in memory.

    Beside each stands whether all that it needs could be read: else its numbers are not kept.
    """
    reader = CellReader(selection)
    for key, wanted in sorted(missing.items(), key=lambda item: condition_of(item[1].cell)):
        cell = wanted.cell
        try:
            found = reader.inputs_of(cell)
        except StoreError as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            why = error.why if isinstance(error, UnusableFile) else str(error)
            selection.damaged[error.key] = why
            continue
        measured = measure(
            found.real,
            found.fake,
            leakage=wanted.leakage,
            metrics=wanted.metrics,
            sets_threshold=found.sets_threshold,
            validation=found.validation,
        )
        yield key, measured, found.is_whole
