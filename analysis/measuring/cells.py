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

import numpy as np
import numpy.typing as npt

from analysis.measuring.cell_cache import CellCache
from analysis.measuring.cell_measures import Measured, Scores, measure
from analysis.measuring.joining import joined
from analysis.measuring.metric_registry import Metric
from analysis.measuring.row_masks import RowMasks, UnknownClasses, class_filter
from analysis.selecting.selection import StoreSelection
from grid.records.commits import Commit
from grid.records.ensembles import EnsembleCell
from grid.records.experiments import Cell, ExperimentRecord
from grid.records.identity import digest
from grid.records.pieces import Piece
from grid.records.proven.checksums import UnusableFile
from grid.records.scores.score_reading import read_scores
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
        if kept.get(key) is None
    }
    if missing:
        computed = dict(_compute(selection, missing))
        for key, numbers in computed.items():
            kept.add(key, numbers)
        if computed:
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
) -> Iterator[tuple[str, Measured]]:
    """Measure cells condition by condition: only one condition of one fit is held in memory."""
    masks = RowMasks(selection.store)
    held: dict[str, Scores] = {}
    condition: tuple[object, ...] = ()
    for key, wanted in sorted(missing.items(), key=lambda item: _condition(item[1].cell)):
        cell = wanted.cell
        if _condition(cell) != condition:
            condition, held = _condition(cell), {}
        try:
            sides = _sides(cell, selection, masks, held)
        except StoreError as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            why = error.why if isinstance(error, UnusableFile) else str(error)
            selection.damaged[error.key] = why
            continue
        yield key, measure(sides[0], sides[1], leakage=wanted.leakage, metrics=wanted.metrics)


def _sides(
    cell: Cell, selection: StoreSelection, masks: RowMasks, held: dict[str, Scores]
) -> list[list[Scores]]:
    """Return the rows that count of each pool: of the reals, and of the fakes."""
    members = cell.members if isinstance(cell, EnsembleCell) else (cell,)
    classes = class_filter(cell, selection)
    sides = []
    for label, pools in enumerate((members[0].real, members[0].fake)):
        wanted = masks.of([p.pool_id for p in pools], classes, label, cell.equalise)
        sides.append(
            [
                _rows(_of_pool(cell, label, place, selection, held), mask)
                for place, mask in enumerate(wanted)
            ]
        )
    return sides


def _of_pool(
    cell: Cell, label: int, place: int, selection: StoreSelection, held: dict[str, Scores]
) -> Scores:
    """Return all rows of one pool of a side; of an ensemble its members', joined row by row."""
    if isinstance(cell, EnsembleCell):
        members = sorted(cell.members, key=lambda member: member.fit_id)
        rows = [_of_pool(member, label, place, selection, held) for member in members]
        return joined(rows, cell.by)
    piece = (cell.real, cell.fake)[label][place]
    return _held(held, selection, piece, selection.commits[cell.fit_id])


def _condition(cell: Cell) -> tuple[str, ...]:
    epoch = f"{cell.epoch:>9}"
    return (cell.fit_id, epoch, cell.degradation, cell.test_pipeline, cell.equalise)


def _rows(scores: Scores, mask: npt.NDArray[np.bool_] | None) -> Scores:
    return scores if mask is None else (scores[0][mask], scores[1][mask])


def _held(
    held: dict[str, Scores], selection: StoreSelection, piece: Piece, commit: Commit
) -> Scores:
    if piece.key not in held:
        table = read_scores(
            selection.store,
            piece,
            commit,
            rows=selection.images_in(piece.pool_id),
            unproven=selection.unproven,
        )
        held[piece.key] = (table["logit"].to_numpy(), table["seen"].to_numpy())
    return held[piece.key]
