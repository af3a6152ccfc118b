"""The numbers of a cell within strata of its images: by format, size, class, source.

The rows are those that the cell counts (`analysis.measuring.cells`). Of each stratum: how many
reals are called fake and how many fakes are found at a logit of 0, with Wilson's intervals, and the
AUC of its fakes against its reals, with DeLong's. A fake has no real source: there all fakes are
held against the reals of each source. A share of nothing is None, and so is the AUC of fewer than
two images of a class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.measuring.held_scores import HeldScores
from analysis.measuring.image_strata import AXES, EVERY, Codes, ImageStrata
from analysis.measuring.row_masks import RowMasks, class_filter
from analysis.selecting.selection import StoreSelection
from analysis.statistics.delong import auc_interval
from analysis.statistics.effect import Interval, NotTestable
from analysis.statistics.proportions import wilson
from grid.records.experiments import Cell
from grid.records.pieces import Piece

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CellSide:
    """The counted images of one side of a cell: their logits, (n,), and strata by axis, (n,)."""

    logits: Logits
    strata: dict[str, Codes]

    @property
    def fakes_called(self) -> npt.NDArray[np.bool_]:
        """Which images are called fake at a logit of 0, (n,)."""
        return self.logits > 0

    def counts(self, axis: str, strata: int) -> tuple[list[int], list[int]]:
        """Return how many images each stratum has, and how many of them are called fake."""
        codes = self.strata[axis]
        if codes.size and codes[0] == EVERY:
            n, called = codes.size, int(np.count_nonzero(self.fakes_called))
            return [n] * strata, [called] * strata
        images = np.bincount(codes, minlength=strata)
        called_S = np.bincount(codes[self.fakes_called], minlength=strata)
        return images.tolist(), called_S.tolist()

    def logits_of(self, axis: str, code: int) -> Logits:
        """Return the logits of one stratum."""
        codes = self.strata[axis]
        logits: Logits = self.logits[(codes == code) | (codes == EVERY)]
        return logits


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """The counts of one stratum of a cell, at a logit of 0."""

    axis: str
    name: str
    n_real: int
    n_real_wrong: int
    n_fake: int
    n_fake_right: int

    @property
    def fpr(self) -> Interval | None:
        """Share of its reals that are called fake, by Wilson; None without reals."""
        return wilson(self.n_real_wrong, self.n_real) if self.n_real else None

    @property
    def tpr(self) -> Interval | None:
        """Share of its fakes that are found, by Wilson; None without fakes."""
        return wilson(self.n_fake_right, self.n_fake) if self.n_fake else None


class StrataOfCells:
    """Computes the strata of cells; what pools have in common is read once.

    Cells of one fit and condition are best asked for one after the other: their scores are held
    until another's are asked for.
    """

    def __init__(self, selection: StoreSelection) -> None:
        self._selection = selection
        self._masks = RowMasks(selection.store)
        self._strata = ImageStrata(selection.store, selection.pools)
        self._scores = HeldScores(selection)

    def sides(self, cell: Cell, leakage: str) -> tuple[CellSide, CellSide]:
        """Return the counted reals and fakes of a complete cell.

        Raises:
            StoreError: a file of it is damaged, gone, or of other weights.
            UnknownClasses: see there.
        """
        self._scores.begin(cell)
        wanted = class_filter(cell, self._selection)
        made = []
        for label, pieces in enumerate((cell.real, cell.fake)):
            masks = self._masks.of([p.pool_id for p in pieces], wanted, label, cell.equalise)
            made.append(
                _joined(
                    [
                        self._counted(piece, mask, leakage)
                        for piece, mask in zip(pieces, masks, strict=True)
                    ]
                )
            )
        return made[0], made[1]

    def counted(
        self, sides: tuple[CellSide, CellSide], axes: Sequence[str] = AXES
    ) -> Iterator[Stratum]:
        """Give the strata of a cell that have images, axis by axis, by name."""
        for axis in axes:
            names = self._strata.names(axis)
            (n_real, wrong), (n_fake, right) = (side.counts(axis, len(names)) for side in sides)
            for code in sorted(range(len(names)), key=names.__getitem__):
                # Of the sources of other test sets a cell has fakes alone.
                if n_real[code] or (n_fake[code] and axis != "real_source"):
                    yield Stratum(
                        axis=axis,
                        name=names[code],
                        n_real=n_real[code],
                        n_real_wrong=wrong[code],
                        n_fake=n_fake[code],
                        n_fake_right=right[code],
                    )

    def auc(self, sides: tuple[CellSide, CellSide], stratum: Stratum) -> Interval | None:
        """Return the AUC within a stratum and its interval; None of fewer than two of a class."""
        if min(stratum.n_real, stratum.n_fake) < 2:
            return None
        code = self._strata.names(stratum.axis).index(stratum.name)
        real, fake = (side.logits_of(stratum.axis, code) for side in sides)
        try:
            return auc_interval(real, fake)
        except NotTestable:
            return None

    def _counted(
        self, piece: Piece, mask: npt.NDArray[np.bool_] | None, leakage: str
    ) -> tuple[Logits, dict[str, Codes]]:
        logits, seen = self._scores.of(piece)
        kept = ~np.isnan(logits)
        if leakage != "allow":
            kept &= ~seen
        if mask is not None:
            kept &= mask
        strata = self._strata.of(piece.pool_id)
        return logits[kept], {axis: codes[kept] for axis, codes in strata.items()}


def _joined(pools: Sequence[tuple[Logits, dict[str, Codes]]]) -> CellSide:
    return CellSide(
        np.concatenate([np.empty(0, np.float32), *(logits for logits, _ in pools)]),
        {
            axis: np.concatenate([np.empty(0, np.int32), *(codes[axis] for _, codes in pools)])
            for axis in AXES
        },
    )
