"""95 % intervals of shares, and of what is made of a cell's two shares.

Shares are of the images right on each side: specificity among reals, sensitivity among fakes. How
many reals and fakes a cell has is fixed, so the two sides are samples of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

from analysis.measuring.metric_registry import Bounds

Z = 1.959963984540054
"""Standard normal quantile of .975."""


def wilson_bounds(share: float, images: float) -> Bounds:
    """Return Wilson's score interval (1927) of a share; it has a width at 0 and 1, too.

    Args:
        share: in [0, 1].
        images: that it is of; no whole number where a share varies as if it were of so many.
    """
    squared = Z * Z / images
    middle = (share + squared / 2) / (1 + squared)
    reach = Z / (1 + squared) * sqrt(share * (1 - share) / images + squared / (4 * images))
    # Rounding may leave 0 and 1, which are bounds of themselves, outside by a last digit.
    return max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach))


def of_both_shares(
    value_of: Callable[[float, float], float],
    specificity: tuple[float, int],
    sensitivity: tuple[float, int],
) -> Bounds:
    """Return the interval of a number that grows with both shares.

    Each share's Wilson bounds move the number by so much, and the two moves are added as squares
    (MOVER; Newcombe, Statistics in Medicine 1998, and Zou and Donner, the same 2008, there for sums
    and differences).

    Args:
        value_of: the number as a function of specificity and sensitivity, growing with each.
        specificity: share of reals called real, and of how many.
        sensitivity: share of fakes called fake, and of how many.
    """
    (spec, n_real), (sens, n_fake) = specificity, sensitivity
    value = value_of(spec, sens)
    spec_low, spec_high = wilson_bounds(spec, n_real)
    sens_low, sens_high = wilson_bounds(sens, n_fake)
    below = (value - value_of(spec_low, sens), value - value_of(spec, sens_low))
    above = (value_of(spec_high, sens) - value, value_of(spec, sens_high) - value)
    low = value - sqrt(below[0] ** 2 + below[1] ** 2)
    high = value + sqrt(above[0] ** 2 + above[1] ** 2)
    return max(0.0, low), min(1.0, high)
