"""More than two methods over test generators: Friedman's test, and which of them differ.

Ranks within each generator; rank 1 is the best. Friedman's chi-squared is given as Demsar (2006)
writes it and corrected for ties, as R and scipy do: with ties the two differ, and whoever quotes
one has to say which. Iman & Davenport's F, of either, is the better test.

Whether A differs from B is asked of A and B alone (`all_pairs`, signed ranks with Holm): by mean
ranks, as Nemenyi's test does, the answer depends on which other methods are in the table
(Benavoli, Corani & Mangili 2016). The critical difference is for the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from analysis.statistics.corrections import holm
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.generator_tests import signed_rank
from analysis.statistics.signed_ranks import rounded
from analysis.statistics.student_t import z_p, z_quantile
from data.counts import counted


@dataclass(frozen=True, kw_only=True)
class FriedmanResult:
    """Mean ranks, and whether they differ by more than chance; p-values are of the omnibus test.

    `chi2`, `f` are without correction for ties, `chi2_tied`, `f_tied` with it; `p_f_tied` is the
    headline. An F is infinite where all generators rank all methods alike.
    """

    names: tuple[str, ...]
    n: int
    mean_ranks: dict[str, float]
    chi2: float
    p_chi2: float
    f: float
    p_f: float
    chi2_tied: float
    p_chi2_tied: float
    f_tied: float
    p_f_tied: float

    @property
    def standard_error(self) -> float:
        """The standard error of the difference of two mean ranks, were all methods alike."""
        k = len(self.names)
        return math.sqrt(k * (k + 1) / (6 * self.n))


@dataclass(frozen=True)
class RankedPair:
    """Two methods: z of their mean ranks, its p, and the p after correction."""

    a: str
    b: str
    z: float
    p: float
    p_corrected: float


def friedman(
    values_BK: npt.ArrayLike, names: Sequence[str], *, higher_is_better: bool = True
) -> FriedmanResult:
    """Rank methods within each block and test whether their mean ranks differ.

    Args:
        values_BK: a row per block (test generator), a column per method.
        names: of the methods.
        higher_is_better: whether the largest value has rank 1.

    Raises:
        NotTestable: fewer than 3 methods or 2 blocks, a value is missing, or all are equal.
    """
    from scipy.stats import chi2, f, rankdata

    values = np.asarray(values_BK, dtype=np.float64)
    n, k = values.shape
    _check(values, names)
    ordered = rounded(-values if higher_is_better else values)
    ranks = np.array([rankdata(row) for row in ordered])
    means = ranks.mean(axis=0)
    plain = 12 * n / (k * (k + 1)) * float(((means - (k + 1) / 2) ** 2).sum())
    spread = float(((ranks - (k + 1) / 2) ** 2).sum())
    tied = plain * n * k * (k * k - 1) / 12 / spread
    most = n * (k - 1)
    fs = [math.inf if most - x < 1e-9 else (n - 1) * x / (most - x) for x in (plain, tied)]
    p_chi2 = [float(chi2.sf(x, k - 1)) for x in (plain, tied)]
    p_f = [float(f.sf(x, k - 1, (k - 1) * (n - 1))) for x in fs]
    return FriedmanResult(
        names=tuple(names),
        n=n,
        mean_ranks=dict(zip(names, means.tolist(), strict=True)),
        chi2=plain,
        p_chi2=p_chi2[0],
        f=fs[0],
        p_f=p_f[0],
        chi2_tied=tied,
        p_chi2_tied=p_chi2[1],
        f_tied=fs[1],
        p_f_tied=p_f[1],
    )


def critical_difference(k: int, n: int, alpha: float = 0.05) -> float:
    """Return by how much the mean ranks of two methods must differ, after Nemenyi.

    Args:
        k: methods.
        n: blocks.
        alpha: chance of any false difference among all pairs.
    """
    from scipy.stats import studentized_range

    quantile = float(studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2)
    return quantile * math.sqrt(k * (k + 1) / (6 * n))


def critical_difference_to_control(k: int, n: int, alpha: float = 0.05) -> float:
    """Return the same for a control against k - 1 others, after Bonferroni and Dunn."""
    return z_quantile(1 - alpha / (k - 1)) * math.sqrt(k * (k + 1) / (6 * n))


def against_control(result: FriedmanResult, control: str) -> tuple[RankedPair, ...]:
    """Compare each other method with a control by mean ranks, with Holm's correction.

    A positive z is a method of better rank than the control.
    """
    others = [name for name in result.names if name != control]
    zs = [_z(result, name, control) for name in others]
    ps = [z_p(z) for z in zs]
    rows = zip(others, zs, ps, holm(ps), strict=True)
    return tuple(RankedPair(name, control, z, p, corrected) for name, z, p, corrected in rows)


def nemenyi(result: FriedmanResult) -> tuple[RankedPair, ...]:
    """Compare all pairs by mean ranks: what a critical-difference diagram shows."""
    from scipy.stats import studentized_range

    pairs = []
    for a, b in combinations(result.names, 2):
        z = _z(result, a, b)
        corrected = float(studentized_range.sf(abs(z) * math.sqrt(2), len(result.names), np.inf))
        pairs.append(RankedPair(a, b, z, z_p(z), min(1.0, corrected)))
    return tuple(pairs)


def all_pairs(
    values_BK: npt.ArrayLike, names: Sequence[str]
) -> dict[tuple[str, str], tuple[Effect | NotTestable, float | None]]:
    """Compare all pairs by exact signed ranks; return each effect and its p after Holm.

    A pair that cannot be tested has the reason instead, and counts among the comparisons.
    """
    values = np.asarray(values_BK, dtype=np.float64)
    found: dict[tuple[str, str], Effect | NotTestable] = {}
    for first, second in combinations(range(len(names)), 2):
        pair = names[first], names[second]
        try:
            found[pair] = signed_rank(values[:, first] - values[:, second])
        except NotTestable as refusal:
            found[pair] = refusal
    tested = {pair: each.p for pair, each in found.items() if isinstance(each, Effect)}
    ps = [p for p in tested.values() if p is not None]
    corrected = dict(zip(tested, holm(ps, size=len(found)), strict=True))
    return {pair: (each, corrected.get(pair)) for pair, each in found.items()}


def _z(result: FriedmanResult, a: str, b: str) -> float:
    return (result.mean_ranks[b] - result.mean_ranks[a]) / result.standard_error


def _check(values: npt.NDArray[np.float64], names: Sequence[str]) -> None:
    n, k = values.shape
    if k != len(names):
        raise ValueError(f"{k} columns, but {len(names)} names")
    if np.isnan(values).any():
        raise NotTestable("some values are missing", "leave out the test generators that lack some")
    if k < 3 or n < 2:
        found = f"{counted(k, 'method')} on {counted(n, 'test generator')}"
        raise NotTestable(
            f"{found} are too few for Friedman's test",
            "compare at least 3 methods on at least 2 test generators, or two by signed ranks",
        )
    if not (values != values[:, :1]).any():
        raise NotTestable("all methods are equal everywhere", "check that they are several methods")
