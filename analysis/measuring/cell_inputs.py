"""What a cell is measured from: the scores of its pools, and what sets thresholds.

Of one condition of one fit at a time, so that memory does not grow with the rows of a store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.measuring.cell_measures import Mask, Scores
from analysis.measuring.held_scores import HeldScores
from analysis.measuring.joining import joined
from analysis.measuring.row_masks import RowMasks, class_filter
from analysis.measuring.validation_scores import Validations, ValidationScores
from analysis.selecting.selection import StoreSelection
from grid.records.ensembles import EnsembleCell
from grid.records.experiments import Cell
from grid.records.pieces import Piece
from grid.store.errors import StoreError


@dataclass(frozen=True)
class CellInputs:
    """The (logit, seen) arrays of a cell's pools, and what its metrics need besides.

    `sets_threshold` says of each pool of reals which of its rows are kept apart for a threshold;
    None where no manifest says which images they are. `is_whole`: no file was there that could not
    be used.
    """

    real: list[Scores]
    fake: list[Scores]
    sets_threshold: list[Mask] | None
    validation: ValidationScores | None
    is_whole: bool


class CellReader:
    """Reads cells, those of one condition after each other: their pools are read once."""

    def __init__(self, selection: StoreSelection) -> None:
        self._selection = selection
        self._masks = RowMasks(selection.store)
        self._validations = Validations(selection)
        self._scores = HeldScores(selection)

    def inputs_of(self, cell: Cell) -> CellInputs:
        """Read what a cell is measured from.

        Raises:
            StoreError: a file of its scores cannot be used, or says which rows count.
        """
        self._scores.begin(cell)
        classes = class_filter(cell, self._selection)
        sides: list[list[Scores]] = []
        masks: list[list[Mask | None]] = []
        first = cell.members[0] if isinstance(cell, EnsembleCell) else cell
        for label, pieces in enumerate((first.real, first.fake)):
            pools = [piece.pool_id for piece in pieces]
            masks.append(self._masks.of(pools, classes, label, cell.equalise))
            sides.append(
                [
                    _rows(self._of_pool(cell, label, place), mask)
                    for place, mask in enumerate(masks[-1])
                ]
            )
        apart = self._sets_threshold(first.real, masks[0])
        validation = self._validation(cell)
        is_whole = apart is not None and cell.fit_id not in self._validations.unreadable
        real, fake = sides
        return CellInputs(real, fake, apart, validation, is_whole)

    def _validation(self, cell: Cell) -> ValidationScores | None:
        """Return the validation scores of a cell's fit; an ensemble was never validated."""
        if isinstance(cell, EnsembleCell):
            return None
        return self._validations.of(cell.fit_id, cell.epoch)

    def _of_pool(self, cell: Cell, label: int, place: int) -> Scores:
        """Return all rows of one pool of a side; of an ensemble its members', joined row by row."""
        if isinstance(cell, EnsembleCell):
            members = sorted(cell.members, key=lambda member: member.fit_id)
            return joined([self._of_pool(member, label, place) for member in members], cell.by)
        return self._scores.of((cell.real, cell.fake)[label][place])

    def _sets_threshold(
        self, pieces: Sequence[Piece], masks: Sequence[Mask | None]
    ) -> list[Mask] | None:
        """Return which of the rows that count set a threshold, for each pool of reals."""
        try:
            apart = [self._masks.sets_threshold(piece.pool_id) for piece in pieces]
        except StoreError as error:
            self._selection.leave_out(error.key, error)
            return None
        return [
            rows if mask is None else rows[mask] for rows, mask in zip(apart, masks, strict=True)
        ]


def _rows(scores: Scores, mask: Mask | None) -> Scores:
    return scores if mask is None else (scores[0][mask], scores[1][mask])
