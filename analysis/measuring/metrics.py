"""Metrics of one cell from its logits, larger meaning more fake. One function is one metric.

What `@metric` promises them, and checks of what they return, is in `metric_registry.py`.
"""

from __future__ import annotations

import numpy as np

from analysis.measuring.metric_registry import Logits, metric


@metric(
    "accuracy",
    "accuracy at logit 0",
    1,
    explained="share of images on their side of a logit of 0; .5 is chance where real and fake "
    "images are equally many",
)
def accuracy(real: Logits, fake: Logits) -> float:
    """Return the share of images on their side of a logit of 0.

    An image is called fake when its logit is larger than 0; at 0 it is called real. .5 is chance
    only where both sides are equally many.
    """
    right = np.count_nonzero(real <= 0) + np.count_nonzero(fake > 0)
    return float(right / (real.size + fake.size))


@metric(
    "balanced_accuracy",
    "balanced accuracy at logit 0",
    1,
    explained="mean of the shares of real and of fake images on their side of a logit of 0; .5 is "
    "chance however many each are",
)
def balanced_accuracy(real: Logits, fake: Logits) -> float:
    """Return the mean of both classes' accuracies: .5 by chance, however many each holds."""
    return float((np.mean(real <= 0) + np.mean(fake > 0)) / 2)


@metric("auc", "AUC", 1, explained="area under the ROC curve; needs no threshold, .5 is chance")
def auc(real: Logits, fake: Logits) -> float:
    """Return the area under the ROC curve: P(fake > real) + P(fake = real) / 2.

    Exact with ties: pairs are counted in integers, by the ranks of the fakes among the sorted
    reals (Mann and Whitney, 1947). Never flipped: below .5 is a result.
    """
    reals, fakes = np.sort(real), np.sort(fake)
    below = int(np.searchsorted(reals, fakes, side="left").sum(dtype=np.int64))
    up_to = int(np.searchsorted(reals, fakes, side="right").sum(dtype=np.int64))
    return (below + up_to) / (2 * reals.size * fakes.size)


@metric(
    "average_precision",
    "average precision",
    1,
    explained="mean precision over the fakes found, threshold by threshold; chance is the share of "
    "fakes, .5 where real and fake images are equally many",
)
def average_precision(real: Logits, fake: Logits) -> float:
    """Return the sum over thresholds of precision times gained recall; fake is the positive class.

    Step-wise, not interpolated, and images of one logit are one step: what scikit-learn's
    `average_precision_score` gives.
    """
    reals = np.sort(real)
    thresholds, gained = np.unique(fake, return_counts=True)
    false_positives = reals.size - np.searchsorted(reals, thresholds, side="left")
    true_positives = np.cumsum(gained[::-1])[::-1]
    precision = true_positives / (true_positives + false_positives)
    return float(np.sum(gained * precision) / fake.size)


@metric(
    "tpr_at_5_fpr",
    "TPR at 5 % FPR",
    1,
    explained="share of fakes found at the lowest threshold that calls at most 5 % of these real "
    "images fake; .05 is chance",
)
def tpr_at_5_fpr(real: Logits, fake: Logits) -> float:
    """Return the largest true positive rate of a threshold with a false positive rate up to 5 %.

    A point of the ROC curve, not interpolated. The threshold is taken from the cell's own reals, so
    it says how well the two are told apart and not how a threshold fixed before would do. Of fewer
    than 20 reals none may be called fake.
    """
    allowed = real.size // 20
    threshold = np.partition(real, real.size - 1 - allowed)[real.size - 1 - allowed]
    return float(np.count_nonzero(fake > threshold) / fake.size)
