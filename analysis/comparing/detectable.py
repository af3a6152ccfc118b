"""What a comparison could have found, and whether two sides are as good as equal."""

from __future__ import annotations

import math

from analysis.comparing.blocks import Block
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.equivalence import tost_of
from analysis.statistics.generator_tests import paired_t
from analysis.statistics.power import POWER, errors_away
from analysis.statistics.student_t import t_quantile

ALPHA = 0.05


def detectable_of(headline: Effect, block: Block) -> float | None:
    """Return the smallest difference that the design finds at .05 with power .8, a share of 1.

    Of t tests from their standard error and degrees of freedom, by the noncentral t; of a test
    over generators without those, from the t over the same differences. None where neither is.
    """
    found = _error_of(headline)
    if found is None:
        try:
            found = _error_of(paired_t(block.differences))
        except NotTestable:
            return None
    if found is None:
        return None
    error, df = found
    return error * errors_away(df, ALPHA, POWER)


def equivalence_of(headline: Effect, margin: float) -> Effect | None:
    """Return two one-sided t tests of a difference as large as the margin (Schuirmann 1987).

    The p says how surprising the data were if the true difference were as large as the margin;
    below .05, A and B are equal to within it. From the headline's own standard error, so that the
    same units count. None where the headline has none.

    Args:
        headline: the test of the difference.
        margin: the largest difference that is none in practice, a share of 1.
    """
    found = _error_of(headline)
    if found is None:
        return None
    error, df = found
    return tost_of(headline.value, error, df, margin, units=headline.units, of=headline.method)


def _error_of(effect: Effect) -> tuple[float, float] | None:
    """Return a standard error and its degrees of freedom; None where a test has no such."""
    if effect.p is None or effect.statistic is None or effect.low is None or effect.high is None:
        return None
    if effect.df is None and " z" not in f" {effect.method}" and "DeLong" not in effect.method:
        return None
    df = math.inf if effect.df is None else effect.df
    return (effect.high - effect.low) / 2 / t_quantile(effect.level, min(df, 1e9)), df
