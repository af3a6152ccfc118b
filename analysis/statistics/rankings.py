"""Rankings with intervals: which is best, and how sure that is.

Units (test generators, or seeds) are drawn with replacement; in each draw the means are ranked
anew. A rank that its interval does not tell from another is no rank to print alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import NotTestable
from data.counts import counted


@dataclass(frozen=True)
class RankInterval:
    """The rank of a mean, 1 the best, its interval, and how often it is best of all draws."""

    name: str
    mean: float
    rank: float
    low: float
    high: float
    best: float


def rank_intervals(
    values_UK: npt.ArrayLike,
    names: Sequence[str],
    *,
    higher_is_better: bool = True,
    level: float = 0.95,
    draws: int = 5000,
    seed: int = 0,
) -> tuple[RankInterval, ...]:
    """Return the ranks of means over units, with bootstrap intervals, best first.

    Args:
        values_UK: a row per unit, at least two, a column per method.
        names: of the methods.
        higher_is_better: whether the largest mean has rank 1.
        level: of the intervals.
        draws: how often units are drawn.
        seed: of the draws.

    Raises:
        NotTestable: one unit or none, or a value is missing.
    """
    from scipy.stats import rankdata

    values = np.asarray(values_UK, dtype=np.float64)
    if not values.size:
        raise NotTestable("no unit has all values", "measure at least 2")
    if values.ndim != 2 or values.shape[1] != len(names):
        raise ValueError(f"shape {values.shape}: units x {len(names)} names")
    if np.isnan(values).any():
        raise NotTestable("some values are missing", "rank over the units that have all of them")
    n = len(values)
    if n < 2:
        raise NotTestable(f"{counted(n, 'unit')} gives a rank no interval", "measure at least 2")
    oriented = values if not higher_is_better else -values
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    ranks = rankdata(np.round(counts @ oriented / n, 12), axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    own = rankdata(np.round(oriented.mean(axis=0), 12))
    is_best = ranks == ranks.min(axis=1, keepdims=True)
    best = (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)
    rows = zip(names, values.mean(axis=0), own, low, high, best, strict=True)
    found = [RankInterval(name, *map(float, numbers)) for name, *numbers in rows]
    return tuple(sorted(found, key=lambda each: each.rank))
