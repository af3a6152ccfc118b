"""Does a factor help one family of generators more than another?

One difference per test generator: the mean over seeds at one level of the factor minus that at the
other. If it does not depend on the family, the families' names could as well be dealt out anew
among the generators: that is the permutation test, the headline. The mixed model stands beside it.
Cells are no units here: the images of one generator share whatever that generator does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.mixed_model import crossed_fit
from analysis.statistics.student_t import t_effect

Floats = npt.NDArray[np.float64]
MOST_ENUMERATED = 200_000
RANDOM_DRAWS = 100_000
ROUNDING = 1e-12


def permutation(
    differences: Mapping[str, float],
    families: Mapping[str, str],
    first: str,
    second: str,
    *,
    level: float = 0.95,
) -> Effect:
    """Return the mean difference of one family minus that of another, by exact permutation.

    All ways to deal out the families' names are counted, up to 200,000; of more 100,000 are drawn
    with a fixed seed. The interval holds the shifts between families that the test does not reject.

    Args:
        differences: of each test generator, one level of the factor minus the other.
        families: the family of each of them; generators of other families are left out.
        first: a family.
        second: the family that is subtracted.
        level: of the interval.

    Raises:
        NotTestable: a family has so few generators that no p can be below 1 - level, or a
            difference is missing.
    """
    x, y = (
        np.array([value for name, value in differences.items() if families[name] == family])
        for family in (first, second)
    )
    if np.isnan(x).any() or np.isnan(y).any():
        raise NotTestable("some generators have no difference", "leave them out or run them")
    alpha = 1 - level + ROUNDING
    _refuse_few(len(x), len(y), first, second, alpha)
    dealt = _Dealt(x, y)
    low, high = dealt.interval(alpha)
    return Effect(
        method=f"{dealt.method} of families over generators",
        value=dealt.value,
        low=low,
        high=high,
        p=dealt.p(0.0),
        units=f"{len(x)} {first} and {len(y)} {second} generators",
        level=level,
    )


def smallest_p(n_first: int, n_second: int) -> float:
    """Return the smallest two-sided p that so many generators of two families can reach at all."""
    if min(n_first, n_second) < 1:
        return 1.0
    return min(1.0, (2 if n_first == n_second else 1) / math.comb(n_first + n_second, n_first))


def mixed_model(frame: Any, levels: tuple[str, str], families: tuple[str, str]) -> Effect:
    """Return the same contrast by the crossed mixed model: t with containment df, not z.

    Args:
        frame: pandas, a row per run and generator, with the columns `level` (of the factor), `run`
            (of one seed at one level), `generator`, `family`, `value`. Other levels and families
            than those compared may be there and help to estimate the variances.
        levels: the level of interest, and the one that is subtracted.
        families: the family of interest, and the one that is subtracted.

    Raises:
        NotTestable: cells are missing or too few, or the model does not converge.
    """
    fit = crossed_fit(frame, levels, families)
    return t_effect(
        "mixed model, crossed generators and runs",
        fit.interaction,
        fit.interaction_se**2,
        fit.df,
        units=f"{fit.n_generators} generators in {fit.n_families} families, {fit.n_runs} runs",
        notes=fit.notes,
    )


def _refuse_few(n_first: int, n_second: int, first: str, second: str, alpha: float) -> None:
    smallest = smallest_p(n_first, n_second)
    if smallest <= alpha:
        return
    said = f"{smallest:.3g}".replace("0.", ".", 1)
    fewer, larger = (first, n_second) if n_first <= n_second else (second, n_first)
    mend = "test on at least 4 generators of each family"
    if larger >= 4:
        enough = next(n for n in range(1, larger + 1) if smallest_p(n, larger) <= alpha)
        mend = f"test on at least {enough} {fewer} generators"
    raise NotTestable(
        f"{n_first} {first} and {n_second} {second} generators cannot give a p below {said}, "
        "however many images and seeds",
        mend,
    )


class _Dealt:
    """All ways, or many random ones, to deal out two families' names among the generators."""

    def __init__(self, x: Floats, y: Floats) -> None:
        pooled, n, m = np.concatenate([x, y]), len(x), len(y)
        ways = math.comb(n + m, n)
        if ways <= MOST_ENUMERATED:
            chosen = np.array(list(combinations(range(n + m), n)))
            self.method = "exact permutation"
        else:
            random = np.random.default_rng(0)
            rows = np.tile(np.arange(n + m), (RANDOM_DRAWS, 1))
            drawn = random.permuted(rows, axis=1)[:, :n]
            chosen = np.concatenate([np.arange(n)[None], drawn])
            self.method = f"permutation, {RANDOM_DRAWS:,} draws,"
        self.value = float(x.mean() - y.mean())
        sums = pooled[chosen].sum(axis=1)
        self.dealt = sums / n - (pooled.sum() - sums) / m
        # How much of a shift of the first family a dealt difference has: 1 as it is, less where
        # generators of both have changed places.
        self.share = 1 - (chosen >= n).sum(axis=1) * (1 / n + 1 / m)
        self.slack = 1e-12 * max(float(np.abs(pooled).max()), 1e-300)

    def p(self, shift: float) -> float:
        """Return the p of the hypothesis that the first family is this much above the second."""
        observed = abs(self.value - shift)
        return float(np.mean(np.abs(self.dealt - self.share * shift) >= observed - self.slack))

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the smallest and the largest shift whose p is above alpha.

        A dealt difference is as far from 0 as the observed one for the shifts between two ends:
        where they are equal, and where they are opposite. The p at a shift is the share of those
        that are.
        """
        moved = self.share < 1 - 1e-9
        turned = self.share < -1 + 1e-9  # families of one size that changed places as a whole
        always = float(np.sum(~moved | turned))
        share, dealt = self.share[moved & ~turned], self.dealt[moved & ~turned]
        equal = (dealt - self.value) / (share - 1)
        opposite = (dealt + self.value) / (share + 1)
        starts = np.sort(np.minimum(equal, opposite)) - self.slack
        ends = np.sort(np.maximum(equal, opposite)) + self.slack

        def is_kept(shifts: Floats) -> npt.NDArray[np.bool_]:
            begun = np.searchsorted(starts, shifts, "right")
            over = np.searchsorted(ends, shifts, "left")
            return np.asarray((always + begun - over) / len(self.share) > alpha)

        return (
            float(starts[is_kept(starts)].min()) + self.slack,
            float(ends[is_kept(ends)].max()) - self.slack,
        )
