"""Metrics of the order of a cell's images by their logits: no threshold, or one of its own."""

from __future__ import annotations

import numpy as np

from analysis.measuring.metric_registry import metric
from analysis.measuring.sorted_scores import Logits


@metric("auc", "AUC", 1, explained="area under the ROC curve; needs no threshold, .5 is chance")
def auc(real: Logits, fake: Logits) -> float:
    """Return the area under the ROC curve: P(fake > real) + P(fake = real) / 2.

    Exact with ties: pairs are counted in integers, by the ranks of the fakes among the sorted
    reals (Mann and Whitney, 1947). Never flipped: below .5 is a result.
    """
    below = int(np.searchsorted(real, fake, side="left").sum(dtype=np.int64))
    up_to = int(np.searchsorted(real, fake, side="right").sum(dtype=np.int64))
    return (below + up_to) / (2 * real.size * fake.size)


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
    thresholds, gained = np.unique(fake, return_counts=True)
    false_positives = real.size - np.searchsorted(real, thresholds, side="left")
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
    threshold = real[real.size - 1 - allowed]
    missed = int(np.searchsorted(fake, threshold, side="right"))
    return (fake.size - missed) / fake.size
