"""What a design can find: the smallest difference, the seeds it takes, the smallest p there is.

A difference is found when its two-sided p is below alpha; the power is how often that happens where
it is there. .8 is the custom. All of it is in the unit of the standard deviations given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.statistics.student_t import VariancePart, satterthwaite, z_quantile

POWER = 0.8
MOST_SEEDS = 1000


def detectable(
    parts: Sequence[VariancePart], *, alpha: float = 0.05, power: float = POWER
) -> float:
    """Return the smallest difference that a t test finds, of an estimate's variance parts."""
    variance, df = satterthwaite(parts)
    return math.sqrt(variance) * errors_away(df, alpha, power)


def errors_away(df: float, alpha: float, power: float) -> float:
    """Return how many standard errors from 0 a true difference is found with this power."""
    from scipy.special import nctdtrinc, stdtrit

    if math.isinf(df):
        return z_quantile(1 - alpha) + z_quantile(2 * power - 1)
    return float(nctdtrinc(df, 1 - power, stdtrit(df, 1 - alpha / 2)))


def seed_parts(seeds: int, seed_sd: float) -> list[VariancePart]:
    """Return the variance that the seeds of A and of B give a difference, so many of each."""
    return [VariancePart(seed_sd**2 / seeds, seeds - 1)] * 2


def generator_part(generators: int, difference_sd: float) -> VariancePart:
    """Return the variance that generators give a difference; the SD is of differences A - B."""
    return VariancePart(difference_sd**2 / generators, generators - 1)


def seeds_needed(
    gain: float,
    seed_sd: float,
    others: Sequence[VariancePart] = (),
    *,
    alpha: float = 0.05,
    power: float = POWER,
) -> int | None:
    """Return how many seeds of each method find a gain; None where 1,000 do not.

    Args:
        gain: the true difference.
        seed_sd: standard deviation between seeds of one method.
        others: parts of the variance that more seeds do not make smaller, such as generators'.
        alpha: level of the test.
        power: how often it is to be found.
    """

    def is_enough(seeds: int) -> bool:
        parts = [*seed_parts(seeds, seed_sd), *others]
        return detectable(parts, alpha=alpha, power=power) <= gain

    return next((n for n in range(2, MOST_SEEDS + 1) if is_enough(n)), None)


def discordance_found(
    n: int, discordance: float, *, alpha: float = 0.05, power: float = POWER
) -> float:
    """Return the smallest difference of two accuracies that McNemar's test finds on n images.

    `discordance` is the share of images that one of the two alone gets right.
    """
    both = z_quantile(1 - alpha) + z_quantile(2 * power - 1)
    return both * math.sqrt(discordance / n)


def smallest_sign_p(n: int) -> float:
    """Return the smallest two-sided p of sign-flip and signed-rank tests over n units."""
    return min(1.0, 2.0 ** (1 - n))


def units_needed(comparisons: int = 1, *, alpha: float = 0.05) -> int:
    """Return how many units those tests need for any p below alpha, after Holm's correction."""
    return math.ceil(math.log2(2 * comparisons / alpha) - 1e-9)


def pairs_for_probability(share: float, *, alpha: float = 0.05, power: float = 0.95) -> int:
    """Return how many pairs of runs show that P(A > B) is above one half, if it is `share`.

    Noether (1987), as Bouthillier et al. (2021) use it; one-sided.
    """
    both = z_quantile(1 - 2 * alpha) + z_quantile(2 * power - 1)
    return math.ceil((both / (math.sqrt(6) * (share - 0.5))) ** 2)
