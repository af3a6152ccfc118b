"""The scores of pools, read when they are asked for and held while they are needed again."""

from __future__ import annotations

from analysis.measuring.cell_measures import Scores
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import Cell
from grid.records.pieces import Piece
from grid.records.scores.score_reading import read_scores


def condition_of(cell: Cell) -> tuple[str, ...]:
    """Return what the scores of cells that are read together have in common, to sort by."""
    epoch = f"{cell.epoch:>9}"
    return (cell.fit_id, epoch, cell.degradation, cell.test_pipeline, cell.equalise)


class HeldScores:
    """The scores of one condition of one fit at a time, so that memory does not grow with a store.

    Cells of one condition, which share pools, are best asked for one after the other.
    """

    def __init__(self, selection: StoreSelection) -> None:
        self._selection = selection
        self._held: dict[str, Scores] = {}
        self._condition: tuple[str, ...] = ()

    def begin(self, cell: Cell) -> None:
        """Forget what was read for cells of another condition."""
        if condition_of(cell) != self._condition:
            self._condition, self._held = condition_of(cell), {}

    def of(self, piece: Piece) -> Scores:
        """Return the (logit, seen) of each image of a pool; a null logit is NaN.

        Raises:
            StoreError: the file is damaged, gone, or of other weights.
        """
        if piece.key not in self._held:
            table = read_scores(
                self._selection.store,
                piece,
                self._selection.commits[piece.fit_id],
                rows=self._selection.images_in(piece.pool_id),
                unproven=self._selection.unproven,
            )
            self._held[piece.key] = (table["logit"].to_numpy(), table["seen"].to_numpy())
        return self._held[piece.key]
