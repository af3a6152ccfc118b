"""95 % intervals of shares and means; each has a width, since images are a sample.

How many reals and fakes a cell has is fixed: the two sides are samples of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

from analysis.statistics.delong import logit_interval
from analysis.statistics.proportions import wilson

Z = 1.959963984540054
"""Standard normal quantile of .975."""

ROUNDING = 1e-24
"""A variance below it is that of equal numbers, which rounding has told apart."""

Bounds = tuple[float, float]
"""Lower and upper bound."""

Share = tuple[float, int]
"""A share, and of how many images."""


def wilson_bounds(share: float, images: float) -> Bounds:
    """Return Wilson's score interval (1927) of a share; it has a width at 0 and 1, too.

    Args:
        share: in [0, 1].
        images: that it is of; no whole number where a share varies as if it were of so many.
    """
    found = wilson(share * images, images)
    # Rounding may leave the share itself outside by a last digit.
    return min(share, found.low), max(share, found.high)


def of_both_shares(
    value_of: Callable[[float, float], float], specificity: Share, sensitivity: Share
) -> Bounds:
    """Return the interval of a number in [0, 1] that grows with both sides' shares.

    Each share's Wilson bounds move the number by so much, and the two moves are added as squares
    (Newcombe, Statistics in Medicine 1998; Zou and Donner, the same 2008: MOVER).

    Args:
        value_of: the number as a function of specificity and sensitivity, growing with each.
        specificity: share of the reals called real.
        sensitivity: share of the fakes called fake.
    """
    (spec, n_real), (sens, n_fake) = specificity, sensitivity
    value = value_of(spec, sens)
    spec_low, spec_high = wilson_bounds(spec, n_real)
    sens_low, sens_high = wilson_bounds(sens, n_fake)
    below = sqrt((value - value_of(spec_low, sens)) ** 2 + (value - value_of(spec, sens_low)) ** 2)
    above = sqrt(
        (value_of(spec_high, sens) - value) ** 2 + (value_of(spec, sens_high) - value) ** 2
    )
    return max(0.0, value - below), min(1.0, value + above)


def of_a_mean(mean: float, variance: float, images: int) -> Bounds:
    """Return the interval of a mean of numbers in [0, 1], such as squared errors.

    Wilson's for as many images as would give a share this variance, so that it stays in [0, 1]. The
    upper bound leaves room for a kind of image that the sample happens to lack (`unvaried`): where
    mistakes are rare and costly, a sample without one says little.

    Args:
        mean: in (0, 1).
        variance: of the mean itself.
        images: that it is of.
    """
    low, high = unvaried(mean, images)
    if variance > ROUNDING and 0 < mean < 1:
        low, with_variance = wilson_bounds(mean, mean * (1 - mean) / variance)
        high = max(high, with_variance)
    return low, high


def on_logit_scale(value: float, variance: float, images: int) -> Bounds:
    """Return the interval of a number in [0, 1] that is normal on the logit scale.

    Args:
        value: 0 and 1 have no logit: there, and without any variance, Wilson's bound stands in.
        variance: of the value itself; carried over by the delta method.
        images: of the smaller side.
    """
    found = logit_interval(value, variance if variance > ROUNDING else 0.0, images)
    return min(value, found.low), max(value, found.high)


def unvaried(value: float, images: int) -> Bounds:
    """Return bounds of a number of images that were all alike: as if a share of others were unseen.

    Of `images` without one of a kind, Wilson's bound of that kind's share is z^2 / (images + z^2);
    such images might have any value.
    """
    unseen = Z * Z / (images + Z * Z)
    return value * (1 - unseen), value + (1 - value) * unseen
