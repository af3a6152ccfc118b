"""The logits that count in a cell, for what has to be drawn or resampled and is no metric."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.measuring.row_masks import RowMasks, UnknownClasses, class_filter
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import Cell, ExperimentRecord
from grid.records.pieces import Piece
from grid.records.proven.checksums import UnusableFile
from grid.records.scores.score_reading import read_scores
from grid.store.errors import StoreError

log = logging.getLogger(__name__)

LogitColumn = npt.NDArray[np.float32]
ScoreColumns = tuple[LogitColumn, npt.NDArray[np.bool_]]  # logit with NaN for null, seen


@dataclass(frozen=True)
class CellLogits:
    """A cell and the logits that its metrics are of, (n_real,) and (n_fake,), without NaN."""

    cell: Cell
    real: LogitColumn
    fake: LogitColumn


def read_logits(
    selection: StoreSelection, cells: Iterable[tuple[Cell, ExperimentRecord]]
) -> Iterator[CellLogits]:
    """Yield complete cells with their logits, condition by condition.

    Only one condition of one fit is held in memory. Rows are left out as `cells.py` says. A cell
    with a damaged file, or of untrained classes for a fit whose classes are not known, is left
    out, and named in the log.
    """
    masks = RowMasks(selection.store)
    held: dict[str, ScoreColumns] = {}
    condition: tuple[object, ...] = ()
    for cell, experiment in sorted(cells, key=lambda each: _condition(each[0])):
        if _condition(cell) != condition:
            condition, held = _condition(cell), {}
        try:
            real, fake = (
                _side(selection, masks, held, cell, experiment["leakage"], label)
                for label in (0, 1)
            )
        except UnknownClasses as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            continue
        except StoreError as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            why = error.why if isinstance(error, UnusableFile) else str(error)
            selection.damaged[error.key] = why
            continue
        yield CellLogits(cell, real, fake)


def _condition(cell: Cell) -> tuple[str, ...]:
    epoch = f"{cell.epoch:>9}"
    return (cell.fit_id, epoch, cell.degradation, cell.test_pipeline, cell.equalise)


def _side(
    selection: StoreSelection,
    masks: RowMasks,
    held: dict[str, ScoreColumns],
    cell: Cell,
    leakage: str,
    label: int,
) -> LogitColumn:
    pieces = cell.fake if label else cell.real
    classes = class_filter(cell, selection)
    kept = masks.of([piece.pool_id for piece in pieces], classes, label, cell.equalise)
    columns = []
    for piece, mask in zip(pieces, kept, strict=True):
        logit, seen = _columns(selection, held, piece)
        counts = ~np.isnan(logit)
        if leakage != "allow":
            counts &= ~seen
        if mask is not None:
            counts &= mask
        columns.append(logit[counts])
    return np.concatenate(columns) if columns else np.empty(0, np.float32)


def _columns(
    selection: StoreSelection, held: dict[str, ScoreColumns], piece: Piece
) -> ScoreColumns:
    if piece.key not in held:
        table = read_scores(
            selection.store,
            piece,
            selection.commits[piece.fit_id],
            rows=selection.images_in(piece.pool_id),
            unproven=selection.unproven,
        )
        held[piece.key] = (table["logit"].to_numpy(), table["seen"].to_numpy())
    return held[piece.key]
