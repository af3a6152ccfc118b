"""Metrics of the calls at a logit of 0: an image is called fake when its logit is larger.

At 0 it is called real. The counts behind them are `n_real_right` and `n_fake_right` of a cell.
"""

from __future__ import annotations

import numpy as np

from analysis.measuring.intervals import of_both_shares, wilson_bounds
from analysis.measuring.metric_registry import Bounds, metric
from analysis.measuring.sorted_scores import Logits

Share = tuple[float, int]


def shares_right(real: Logits, fake: Logits, threshold: float = 0.0) -> tuple[Share, Share]:
    """Return the share of reals called real and of fakes called fake, and of how many each is."""
    reals_right = int(np.searchsorted(real, threshold, side="right"))
    fakes_right = fake.size - int(np.searchsorted(fake, threshold, side="right"))
    return (reals_right / real.size, real.size), (fakes_right / fake.size, fake.size)


def _accuracy_bounds(real: Logits, fake: Logits) -> Bounds:
    return wilson_bounds(accuracy(real, fake), real.size + fake.size)


def _balanced_bounds(real: Logits, fake: Logits) -> Bounds:
    return of_both_shares(lambda spec, sens: (spec + sens) / 2, *shares_right(real, fake))


@metric(
    "accuracy",
    "accuracy at logit 0",
    1,
    explained="share of images on their side of a logit of 0; .5 is chance where real and fake "
    "images are equally many",
    interval=_accuracy_bounds,
)
def accuracy(real: Logits, fake: Logits) -> float:
    """Return the share of images on their side of a logit of 0; .5 is chance for equal sides.

    Its interval is Wilson's of all images as one sample: what most papers give. It is wide where
    one class is called much better than the other.
    """
    (spec, n_real), (sens, n_fake) = shares_right(real, fake)
    return (round(spec * n_real) + round(sens * n_fake)) / (n_real + n_fake)


@metric(
    "balanced_accuracy",
    "balanced accuracy at logit 0",
    1,
    explained="mean of the shares of real and of fake images on their side of a logit of 0; .5 is "
    "chance however many each are",
    interval=_balanced_bounds,
)
def balanced_accuracy(real: Logits, fake: Logits) -> float:
    """Return the mean of both classes' accuracies: .5 by chance, however many each holds."""
    (spec, _), (sens, _) = shares_right(real, fake)
    return (spec + sens) / 2
