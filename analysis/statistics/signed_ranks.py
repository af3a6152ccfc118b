"""Ranks of differences, and the exact distribution of their signed sums, ties and all."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Zeros = Literal["drop", "pratt"]
"""Differences of 0: dropped before ranking (Wilcoxon), or ranked first and then dropped (Pratt)."""
Floats = npt.NDArray[np.float64]


def midranks(differences: Floats, zeros: Zeros = "drop") -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the ranks of the sizes of all nonzero differences, and which of them are positive."""
    from scipy.stats import rankdata

    kept = differences if zeros == "pratt" else differences[differences != 0]
    ranks = rankdata(rounded(np.abs(kept)))
    return ranks[kept != 0], kept[kept != 0] > 0


def rounded(values: Floats) -> Floats:
    """Return values in which what differs by rounding errors alone is equal: .3 - .2 and .1."""
    largest = float(np.abs(values).max(initial=0))
    if not largest:
        return values
    digits = 12 - int(np.ceil(np.log10(largest)))
    return np.asarray(np.round(values, min(digits, 300)))


class NullRanks:
    """The distribution of the sum of the positive ranks, where each sign is a coin's."""

    def __init__(self, ranks: npt.NDArray[np.generic]) -> None:
        doubled = np.round(2 * np.asarray(ranks, dtype=np.float64)).astype(np.int64)
        chance = np.ones(1)
        for rank in doubled:  # middle ranks are halves, so that twice a rank is whole
            shifted = np.zeros(len(chance) + rank)
            shifted[: len(chance)] = chance
            shifted[rank:] += chance
            chance = shifted / 2
        self.upto = np.cumsum(chance)

    def two_sided_p(self, total: float) -> float:
        """Return the chance of a sum at least as far from its mean as this one."""
        doubled = round(2 * total)
        nearer_end = min(doubled, len(self.upto) - 1 - doubled)
        return min(1.0, 2 * float(self.upto[nearer_end]))

    def quantile(self, share: float) -> int:
        """Return the smallest sum of whole ranks with at least this share up to it, at least 1."""
        found = int(np.searchsorted(self.upto[::2], share * (1 - 1e-12)))
        return max(1, found)
