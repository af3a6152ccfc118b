"""Intervals of a share, such as an accuracy: so many right of so many images.

None of them has width zero at a share of 0 or 1, as the normal approximation would have.
"""

from __future__ import annotations

import math

from analysis.statistics.effect import Effect, Interval, NotTestable
from analysis.statistics.student_t import z_p, z_quantile


def wilson(count: float, n: float, level: float = 0.95) -> Interval:
    """Return Wilson's score interval of count / n (Wilson 1927).

    Args:
        count: successes, 0 to n; need not be whole, where it stands for a mean.
        n: trials; likewise, where a mean varies as if it were of so many.
        level: of the interval.

    Raises:
        NotTestable: there are no trials.
    """
    _check(count, n)
    z = z_quantile(level)
    share, weight = count / n, z * z / n
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == n else min(1.0, middle + half)
    return Interval(share, low, high, "Wilson", level)


def clopper_pearson(count: int, n: int, level: float = 0.95) -> Interval:
    """Return the exact interval of count / n (Clopper & Pearson 1934): never too narrow.

    Raises:
        NotTestable: there are no trials.
    """
    from scipy.special import betaincinv

    _check(count, n)
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - tail))
    return Interval(count / n, low, high, "Clopper-Pearson", level)


def unpaired(count_a: int, n_a: int, count_b: int, n_b: int) -> Effect:
    """Return share of A minus share of B on different images: Pearson's chi-squared, uncorrected.

    On the same images it is McNemar's test that is right, and this one wastes what they share. The
    interval is Newcombe's (1998), made of the two of Wilson.

    Raises:
        NotTestable: there are no trials of one.
    """
    a, b = wilson(count_a, n_a), wilson(count_b, n_b)
    pooled = (count_a + count_b) / (n_a + n_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    low, high = bounds_of_difference(a, b)
    alike = "All are right, or all wrong, of both: the interval is a bound, without a p."
    return Effect(
        method="two shares, chi-squared",
        value=a.estimate - b.estimate,
        low=low,
        high=high,
        p=z_p((a.estimate - b.estimate) / error) if error else None,
        units=f"{n_a:,} images of A, {n_b:,} of B",
        statistic=((a.estimate - b.estimate) / error) ** 2 if error else None,
        notes=() if error else (alike,),
    )


def bounds_of_difference(a: Interval, b: Interval) -> tuple[float, float]:
    """Return the interval of a difference of two independent estimates from their own intervals.

    Newcombe (1998): each side is as wide as the two sides that it is made of, at a right angle.
    """
    difference = a.estimate - b.estimate
    low = difference - math.hypot(a.estimate - a.low, b.high - b.estimate)
    return low, difference + math.hypot(a.high - a.estimate, b.estimate - b.low)


def _check(count: float, n: float) -> None:
    if n <= 0:
        raise NotTestable("there are no images to count", "count at least one")
    if not 0 <= count <= n:
        raise ValueError(f"count is {count}: it must lie between 0 and n = {n}")
