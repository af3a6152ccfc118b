"""95 % intervals of metrics of the order of images, each from the sorted logits of both sides.

All of them cost a few passes over the images; no row is drawn anew.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from analysis.measuring.called_images import CalledImages
from analysis.measuring.intervals import Bounds, on_logit_scale, wilson_bounds
from analysis.measuring.mutual_ranks import MutualRanks
from analysis.measuring.sorted_scores import Logits

DRAWS = 2000
"""Of a true positive rate; its bounds are the 2.5 % and 97.5 % of them."""


def auc_bounds(real: Logits, fake: Logits, ranks: MutualRanks) -> Bounds:
    """Return DeLong's interval (1988) on the logit scale.

    The variance is that of the placement values: the share of the other side below each image,
    equal ones half.
    """
    of_fake = (ranks.reals_below_fake + ranks.reals_up_to_fake) / (2 * real.size)
    of_real = (ranks.fakes_below_real + ranks.fakes_up_to_real) / (2 * fake.size)
    variance = _variance_of_mean(of_fake) + _variance_of_mean(of_real)
    return on_logit_scale(float(of_fake.mean()), variance, min(real.size, fake.size))


def found_and_called(
    real: Logits, fake: Logits, ranks: MutualRanks
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count, for each fake, the fakes with its logit or a larger one, and all such images."""
    found = fake.size - ranks.fakes_below_fake
    return found, found + real.size - ranks.reals_below_fake


def average_precision_bounds(real: Logits, fake: Logits, ranks: MutualRanks) -> Bounds:
    """Return the interval of average precision on the logit scale, by its influence function.

    An image's influence is how the value moves with the share of images like it: a fake's own
    precision, and what each image at or above a fake's logit does to that one's precision. The
    variance of the value is that of the mean influence, side by side (the delta method for a
    functional of two empirical distributions; the logit scale as in Boyd, Eng and Page, "Area under
    the precision-recall curve", ECML 2013).
    """
    found, called = found_and_called(real, fake, ranks)
    precision = found / called
    # What one more fake, or real, does to the precision at each fake up to it, summed.
    by_fake = np.concatenate([[0.0], ((called - found) / called**2).cumsum()])
    by_real = np.concatenate([[0.0], (found / called**2).cumsum()]) * (real.size / fake.size)
    of_fake = precision + by_fake[ranks.fakes_up_to_fake]
    variance = _variance_of_mean(of_fake) + _variance_of_mean(by_real[ranks.fakes_up_to_real])
    return on_logit_scale(float(precision.mean()), variance, min(real.size, fake.size))


def equal_error_bounds(value: float, real: Logits, fake: Logits) -> Bounds:
    """Return Wilson's interval of the equal error rate, for as many images as it varies like.

    Near the threshold of equal errors the rate is a mean of both sides' error rates there, each
    weighted by the density of the other side's logits. The ratio of densities is the slope of the
    ROC curve over a stretch of false positive rates of two standard errors to each side.
    """
    reach = max(2 * sqrt(value * (1 - value) / real.size), 2 / real.size)
    ends = (min(1.0, value + reach), max(0.0, value - reach))
    wide, narrow = (_true_positive_rate_at(rate, real, fake) for rate in ends)
    slope = (wide - narrow) / (ends[0] - ends[1])
    of_real = slope / (1 + slope)
    return wilson_bounds(value, 1 / (of_real**2 / real.size + (1 - of_real) ** 2 / fake.size))


def true_positive_rate_bounds(
    value: float, real: Logits, fake: Logits, reals_per_false_alarm: int
) -> Bounds:
    """Return the interval of the true positive rate at a false positive rate, both of new images.

    How many of n reals lie above the threshold with that rate is binomial, so the threshold lies
    between two of the sorted reals (the bootstrap of an order statistic, without drawing rows); the
    share of fakes above these is spread as Wilson's interval spreads it. With few reals all may lie
    below the threshold, and the lower bound is near 0: 1 % of 100 reals is one image.
    """
    above, within, normal = _draws(real.size, reals_per_false_alarm)
    # Sorted reals with an end to each side; the threshold lies from `at` up to the next one.
    at = real.size - above
    first = int(at.min())
    reals = np.concatenate([[-np.inf], real, [np.inf]])[first : int(at.max()) + 2]
    found = (fake.size - np.searchsorted(fake, reals, side="right")) / fake.size
    share = found[at - first] + within * np.diff(found)[at - first]
    low, high = np.quantile(_spread(share, fake.size, normal), [0.025, 0.975])
    return max(0.0, min(value, float(low))), min(1.0, max(value, float(high)))


def _variance_of_mean(values: npt.NDArray[np.float64]) -> float:
    """Return the variance of a mean of independent images; 0 where one image says nothing of it."""
    return float(values.var(ddof=1) / values.size) if values.size > 1 else 0.0


def _true_positive_rate_at(rate: float, real: Logits, fake: Logits) -> float:
    """Return the share of fakes above the threshold that so many of the reals are above."""
    place = min(real.size - 1, max(0, round(real.size * (1 - rate)) - 1))
    threshold = float(real[place]) if rate < 1 else -np.inf
    return CalledImages.at(threshold, real, fake).sensitivity[0]


@lru_cache(maxsize=64)
def _draws(
    n_real: int, reals_per_false_alarm: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Draw, always alike: reals above a threshold, its place among two of them, and normals."""
    rng = np.random.default_rng([n_real, reals_per_false_alarm])
    above = rng.binomial(n_real, 1 / reals_per_false_alarm, DRAWS)
    return above, rng.random(DRAWS), rng.standard_normal(DRAWS)


def _spread(
    share: npt.NDArray[np.float64], images: int, normal: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return, for each normal number z, the share of which the one observed is z errors away.

    At z of -1.96 and 1.96 these are Wilson's bounds.
    """
    squared = normal * normal / images
    spread: npt.NDArray[np.float64] = (
        share + squared / 2 + normal * np.sqrt(share * (1 - share) / images + squared / 4 / images)
    ) / (1 + squared)
    return spread
