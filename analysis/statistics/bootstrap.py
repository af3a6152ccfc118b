"""The bootstrap over images, for metrics that have no formula: AP, TPR at an FPR, EER.

Reals and fakes are drawn apart, each as often as there are, and A and B on the same draws. What
varies is the image: it speaks of the trained files. An AUC needs none of this: DeLong's variance is
the bootstrap's (`delong`).

Images are drawn as counts over scores that are sorted once, so that a metric is given sorted scores
and nothing is sorted again.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, Interval, NotTestable

Floats = npt.NDArray[np.float64]
Metric = Callable[[Floats, Floats], float | None]
"""Of the logits of reals and of fakes, in any order; None or NaN where it is undefined."""


def paired_bootstrap(
    metric: Metric,
    real_a: npt.ArrayLike,
    fake_a: npt.ArrayLike,
    real_b: npt.ArrayLike,
    fake_b: npt.ArrayLike,
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Effect:
    """Return metric of A minus metric of B on the same images, given in the same order.

    The interval is of percentiles, the p is the largest alpha whose interval leaves out 0, and can
    be no smaller than 2 / (draws + 1).

    Args:
        metric: see `Metric`.
        real_a: logits of A of the reals.
        fake_a: logits of A of the fakes.
        real_b: logits of B of the same reals.
        fake_b: logits of B of the same fakes.
        draws: how often images are drawn.
        seed: of the draws; the same seed gives the same images.

    Raises:
        NotTestable: other images, none of a class, or the metric is undefined of them.
    """
    real_a, fake_a = np.asarray(real_a, dtype=float), np.asarray(fake_a, dtype=float)
    real_b, fake_b = np.asarray(real_b, dtype=float), np.asarray(fake_b, dtype=float)
    if len(real_a) != len(real_b) or len(fake_a) != len(fake_b):
        raise NotTestable(
            "A and B were not scored on the same images", "compare their intervals instead"
        )
    value = _defined(metric, real_a, fake_a) - _defined(metric, real_b, fake_b)
    reals, fakes = _Drawn(real_a, real_b), _Drawn(fake_a, fake_b)
    random = np.random.default_rng(seed)
    found = np.array(
        [
            _of(metric, a_real, a_fake) - _of(metric, b_real, b_fake)
            for (a_real, b_real), (a_fake, b_fake) in (
                (reals.draw(random), fakes.draw(random)) for _ in range(draws)
            )
        ]
    )
    known, notes = _known(found)
    low, high = _percentiles(known, 0.95)
    varies = low < high
    beyond = min(np.sum(known <= 0), np.sum(known >= 0))
    alike = "No draw of images changes it: the interval is no bound, and there is no p."
    return Effect(
        method=f"paired stratified bootstrap, {draws:,} draws, seed {seed}",
        value=value,
        low=low if varies else None,
        high=high if varies else None,
        p=min(1.0, 2 * (1 + float(beyond)) / (len(known) + 1)) if varies else None,
        units=f"{len(real_a) + len(fake_a):,} images",
        notes=notes if varies else (*notes, alike),
    )


def bootstrap_interval(
    metric: Metric,
    real: npt.ArrayLike,
    fake: npt.ArrayLike,
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Return a metric of one cell with the percentile interval of its stratified bootstrap.

    Raises:
        NotTestable: no images of a class, or the metric is undefined of them.
    """
    real, fake = np.asarray(real, dtype=float), np.asarray(fake, dtype=float)
    value = _defined(metric, real, fake)
    reals, fakes, random = _Drawn(real), _Drawn(fake), np.random.default_rng(seed)
    found = [_of(metric, *reals.draw(random), *fakes.draw(random)) for _ in range(draws)]
    known, _ = _known(np.array(found))
    method = f"stratified bootstrap, {draws:,} draws, seed {seed}"
    return Interval(value, *_percentiles(known, level), method, level)


class _Drawn:
    """Images of one class, with one score or several each, of which samples are drawn."""

    def __init__(self, *scores: Floats) -> None:
        if not len(scores[0]):
            raise NotTestable("a class has no images", "test on reals and fakes")
        self.orders = [np.argsort(each, kind="stable") for each in scores]
        self.sorted = [each[order] for each, order in zip(scores, self.orders, strict=True)]
        self.n = len(scores[0])

    def draw(self, random: np.random.Generator) -> list[Floats]:
        """Return the scores of n images drawn with replacement, each score sorted."""
        counts = np.bincount(random.integers(0, self.n, self.n), minlength=self.n)
        return [
            np.repeat(scores, counts[order])
            for scores, order in zip(self.sorted, self.orders, strict=True)
        ]


def _of(metric: Metric, real: Floats, fake: Floats) -> float:
    found = metric(real, fake)
    return math.nan if found is None else float(found)


def _defined(metric: Metric, real: Floats, fake: Floats) -> float:
    if not len(real) or not len(fake):
        raise NotTestable("a class has no images", "test on reals and fakes")
    found = _of(metric, real, fake)
    if math.isnan(found):
        raise NotTestable("the metric is undefined of these images", "choose another metric")
    return found


def _known(found: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Return the draws of which the metric is defined, and what is said of the others."""
    known = found[~np.isnan(found)]
    if 2 * len(known) < len(found):
        raise NotTestable(
            f"the metric is undefined in {len(found) - len(known):,} of {len(found):,} draws",
            "test on more images",
        )
    if len(known) == len(found):
        return known, ()
    undefined = f"{len(found) - len(known):,} draws in which the metric is undefined are left out."
    return known, (undefined,)


def _percentiles(known: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
