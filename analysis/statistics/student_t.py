"""What Student's t and the normal distribution say of an estimate: p, interval, combined df."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from analysis.statistics.effect import Effect


class VariancePart(NamedTuple):
    """One part of an estimate's variance, and the degrees of freedom that it was estimated with."""

    variance: float
    df: float


def t_effect(
    method: str,
    value: float,
    variance: float,
    df: float,
    *,
    units: str,
    level: float = 0.95,
    notes: tuple[str, ...] = (),
) -> Effect:
    """Return the two-sided t test of an estimate against 0, with its interval.

    Args:
        method: name of the test.
        value: the estimate.
        variance: its squared standard error, above 0.
        df: degrees of freedom; need not be whole.
        units: what was counted as independent.
        level: of the interval.
        notes: sentences to be read with it.
    """
    from scipy.special import stdtr

    error = math.sqrt(variance)
    half = t_quantile(level, df) * error
    return Effect(
        method=method,
        value=value,
        low=value - half,
        high=value + half,
        p=float(2 * stdtr(df, -abs(value) / error)),
        units=units,
        level=level,
        statistic=value / error,
        df=df,
        notes=notes,
    )


def t_quantile(level: float, df: float) -> float:
    """Return how many standard errors an interval of this level reaches to either side."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + level) / 2))


def z_quantile(level: float) -> float:
    """Return the same of the normal distribution: 1.96 for .95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def z_p(z: float) -> float:
    """Return the two-sided p of a standard normal value, precise far out in the tails."""
    return math.erfc(abs(z) / math.sqrt(2))


def satterthwaite(parts: Sequence[VariancePart]) -> VariancePart:
    """Add independent parts of a variance; return the sum and its approximate df.

    Satterthwaite (1946): the df of the chi-squared distribution that has the sum's mean and
    variance. A part may be negative, where one is taken off another.
    """
    variance = sum(part.variance for part in parts)
    spread = sum(part.variance**2 / part.df for part in parts if part.variance)
    return VariancePart(variance, variance**2 / spread if spread else math.inf)
