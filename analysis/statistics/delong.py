"""AUC: its interval, and differences of two, after DeLong, DeLong & Clarke-Pearson (1988).

All of it comes from placement values: for a fake the share of reals below it, for a real the share
of fakes above it, ties counting half. Their mean is the AUC, the variance of their mean is the
AUC's. What varies is the image: these tests speak of the trained files that gave the logits.

At an AUC of 0 or 1 placement values do not vary, which is no certainty. Then there is a bound
instead of a test: Wilson's, with as many trials as the smaller class has images. It is the worst
case: the share of its images that would be misplaced, were there more of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, Interval, NotTestable
from analysis.statistics.proportions import bounds_of_difference, wilson
from analysis.statistics.student_t import VariancePart, satterthwaite, t_effect, z_p, z_quantile
from data.counts import counted

Floats = npt.NDArray[np.float64]
NO_TEST = "An AUC of 0 or 1 has no variance to test with: the interval is a bound, without a p."
ALIKE = "Both order the images alike, so that nothing varies: the interval is a bound, without a p."


@dataclass(frozen=True)
class Placements:
    """Placement values in the order of the images; `auc` is the mean of either."""

    auc: float
    of_fake: Floats
    of_real: Floats

    @property
    def variance(self) -> float:
        """The squared standard error of the AUC."""
        return _mean_variance(self.of_fake) + _mean_variance(self.of_real)


def placements(real: npt.ArrayLike, fake: npt.ArrayLike) -> Placements:
    """Return the placement values of a cell's logits, in O(n log n).

    Args:
        real: logits of reals, 1-D, at least two, larger = more fake.
        fake: logits of fakes, likewise.

    Raises:
        NotTestable: fewer than two images of a class, or a logit that is NaN.
    """
    reals, fakes = (np.asarray(each, dtype=np.float64) for each in (real, fake))
    if min(len(reals), len(fakes)) < 2:
        found = f"{counted(len(reals), 'real')} and {counted(len(fakes), 'fake')}"
        raise NotTestable(f"{found} give no spread of an AUC", "test on at least 2 of each class")
    if np.isnan(reals).any() or np.isnan(fakes).any():
        raise NotTestable("some images have no logit", "leave them out of both classes first")
    of_fake = _share_below(reals, fakes)
    of_real = 1 - _share_below(fakes, reals)
    return Placements(float(of_fake.mean()), of_fake, of_real)


def auc_interval(real: npt.ArrayLike, fake: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Return the AUC with DeLong's interval on the logit scale; at 0 or 1 a bound.

    On the logit scale the interval stays between 0 and 1 and is lopsided near them, as it must be.
    """
    placed = placements(real, fake)
    smaller = min(len(placed.of_real), len(placed.of_fake))
    return logit_interval(placed.auc, placed.variance, smaller, level)


def paired(
    real_a: npt.ArrayLike, fake_a: npt.ArrayLike, real_b: npt.ArrayLike, fake_b: npt.ArrayLike
) -> Effect:
    """Return AUC of A minus AUC of B on the same images, given in the same order."""
    a, b = placements(real_a, fake_a), placements(real_b, fake_b)
    images = np.arange(len(a.of_real)), np.arange(len(a.of_fake))
    if (len(a.of_real), len(a.of_fake)) != (len(b.of_real), len(b.of_fake)):
        raise NotTestable("A and B were not scored on the same images", "compare them unpaired")
    return _difference([PairedSet(*images, a, b)], "paired DeLong")


def unpaired(
    real_a: npt.ArrayLike, fake_a: npt.ArrayLike, real_b: npt.ArrayLike, fake_b: npt.ArrayLike
) -> Effect:
    """Return AUC of A minus AUC of B on different images, by Welch's t as pROC does."""
    a, b = placements(real_a, fake_a), placements(real_b, fake_b)
    sizes = [len(each.of_real) + len(each.of_fake) for each in (a, b)]
    parts = [VariancePart(e.variance, n - 1) for e, n in zip((a, b), sizes, strict=True)]
    units = f"{sizes[0]:,} images of A, {sizes[1]:,} of B"
    value, (variance, df) = a.auc - b.auc, satterthwaite(parts)
    if {a.auc, b.auc} & {0.0, 1.0} or not variance:
        ends = [
            logit_interval(e.auc, e.variance, min(len(e.of_real), len(e.of_fake))) for e in (a, b)
        ]
        return _bound("unpaired DeLong", value, ends[0], ends[1], units)
    return t_effect("unpaired DeLong (Welch t)", value, variance, df, units=units)


@dataclass(frozen=True)
class PairedSet:
    """One test set, scored by A and by B: what names its images, and their placement values.

    An image has the same id in every test set that holds it: a digest of its content, no number of
    a row. Shape of ids: as many as there are reals, or fakes.
    """

    real_ids: npt.ArrayLike
    fake_ids: npt.ArrayLike
    a: Placements
    b: Placements


def clustered(sets: Sequence[PairedSet]) -> Effect:
    """Return the mean over test sets of AUC of A minus AUC of B, where sets may share images.

    An image that stands in several test sets is one observation: its placement values are summed
    before their variance is taken (Obuchowski 1997). Without that eight test sets with the same
    reals count each real eight times.
    """
    if not sets:
        raise NotTestable("there is no test set", "compare on at least one")
    return _difference(sets, "DeLong, images as clusters" if len(sets) > 1 else "paired DeLong")


def _difference(sets: Sequence[PairedSet], method: str) -> Effect:
    classes = [
        _Clusters([np.asarray(each.real_ids) for each in sets]),
        _Clusters([np.asarray(each.fake_ids) for each in sets]),
    ]
    sides = [
        [(each.a.of_real, each.b.of_real) for each in sets],
        [(each.a.of_fake, each.b.of_fake) for each in sets],
    ]
    n_real, n_fake = (each.n for each in classes)
    units = f"{n_real + n_fake:,} images"
    aucs = [float(np.mean([getattr(each, side).auc for each in sets])) for side in "ab"]
    value = aucs[0] - aucs[1]
    variance = sum(
        clusters.variance([a - b for a, b in side])
        for clusters, side in zip(classes, sides, strict=True)
    )
    if set(aucs) & {0.0, 1.0} or not variance:
        single = [
            sum(c.variance([pair[i] for pair in s]) for c, s in zip(classes, sides, strict=True))
            for i in range(2)
        ]
        smaller = min(n_real, n_fake)
        ends = [logit_interval(auc, v, smaller) for auc, v in zip(aucs, single, strict=True)]
        return _bound(method, value, ends[0], ends[1], units)
    z, half = value / math.sqrt(variance), z_quantile(0.95) * math.sqrt(variance)
    return Effect(
        method=method,
        value=value,
        low=max(-1.0, value - half),
        high=min(1.0, value + half),
        p=z_p(z),
        units=units,
        statistic=z,
    )


class _Clusters:
    """The images of one class over all test sets; one that stands in several is one cluster."""

    def __init__(self, ids: Sequence[npt.NDArray[np.generic]]) -> None:
        self.sizes = [len(each) for each in ids]
        names, self.index = np.unique(np.concatenate(ids), return_inverse=True)
        self.n = len(names)
        if any(len(np.unique(each)) < len(each) for each in ids):
            raise NotTestable("an image stands twice in one test set", "count each image once")

    def variance(self, values: Sequence[Floats]) -> float:
        """Return the variance of the mean over sets of the means of these values, one per image."""
        parts = [(v - v.mean()) / (len(v) * len(values)) for v in values]
        sums = np.bincount(self.index, np.concatenate(parts), minlength=self.n)
        return float(sums @ sums) * self.n / (self.n - 1)


def logit_interval(auc: float, variance: float, smaller: int, level: float = 0.95) -> Interval:
    """Return the interval of a number in [0, 1], such as an AUC, on the logit scale.

    At 0 or 1, and without any variance, Wilson's bound of as many images as the smaller class has.
    """
    if variance <= 0 or auc in (0.0, 1.0):
        bound = wilson(auc * smaller, smaller, level)
        method = f"Wilson bound of {smaller:,} images, the smaller class"
        return Interval(auc, bound.low, bound.high, method, level)
    middle = math.log(auc / (1 - auc))
    half = z_quantile(level) * math.sqrt(variance) / (auc * (1 - auc))
    # The logistic function by tanh: exp would overflow far from 0.
    low, high = ((1 + math.tanh(end / 2)) / 2 for end in (middle - half, middle + half))
    return Interval(auc, low, high, "DeLong, logit scale", level)


def _bound(method: str, value: float, a: Interval, b: Interval, units: str) -> Effect:
    """Return bounds of a difference from two single intervals, without a p.

    They take A and B as independent, so that they are too wide rather than too narrow where both
    were scored on the same images.
    """
    low, high = bounds_of_difference(a, b)
    return Effect(
        method=f"{method}: bound from the two intervals",
        value=value,
        low=low,
        high=high,
        p=None,
        units=units,
        notes=(NO_TEST if {a.estimate, b.estimate} & {0.0, 1.0} else ALIKE,),
    )


def _share_below(others: Floats, values: Floats) -> Floats:
    """Return for each value the share of others below it, ties counting half.

    Both are sorted: searching in order meets the cache, at 500,000 values 4 times as fast.
    """
    order = np.argsort(values)
    ranked, within = values[order], np.sort(others)
    counts = np.searchsorted(within, ranked, "left") + np.searchsorted(within, ranked, "right")
    shares = np.empty(len(values))
    shares[order] = counts / (2 * len(others))
    return shares


def _mean_variance(values: Floats) -> float:
    return float(values.var(ddof=1)) / len(values)
