"""Metrics of the order of a cell's images by their logits: no threshold, or one of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.measuring.called_images import CalledImages, threshold_of_reals
from analysis.measuring.intervals import Bounds
from analysis.measuring.metric_registry import metric
from analysis.measuring.mutual_ranks import MutualRanks
from analysis.measuring.rank_intervals import (
    auc_bounds,
    average_precision_bounds,
    equal_error_bounds,
    found_and_called,
    true_positive_rate_bounds,
)
from analysis.measuring.sorted_scores import Logits


@metric(
    "auc",
    "AUC",
    1,
    explained="area under the ROC curve; needs no threshold, .5 is chance",
    interval=auc_bounds,
    needs="ranks",
)
def auc(real: Logits, fake: Logits, ranks: MutualRanks) -> float:
    """Return the area under the ROC curve: P(fake > real) + P(fake = real) / 2.

    Exact with ties: pairs are counted in integers, by the ranks of the fakes among the sorted
    reals (Mann and Whitney, 1947). Never flipped: below .5 is a result.
    """
    pairs = int(ranks.reals_below_fake.sum()) + int(ranks.reals_up_to_fake.sum())
    return pairs / (2 * real.size * fake.size)


@metric(
    "average_precision",
    "average precision",
    1,
    explained="mean precision over the fakes found, threshold by threshold; chance is the share of "
    "fakes, .5 where real and fake images are equally many",
    interval=average_precision_bounds,
    needs="ranks",
)
def average_precision(real: Logits, fake: Logits, ranks: MutualRanks) -> float:
    """Return the sum over thresholds of precision times gained recall; fake is the positive class.

    Step-wise, not interpolated, and images of one logit are one step: what scikit-learn's
    `average_precision_score` gives.
    """
    found, called = found_and_called(real, fake, ranks)
    return float(np.mean(found / called))


def _true_positive_rate(real: Logits, fake: Logits, reals_per_false_alarm: int) -> float:
    threshold = threshold_of_reals(real, reals_per_false_alarm)
    return CalledImages.at(threshold, real, fake).sensitivity[0]


def _true_positive_rate_bounds(reals_per_false_alarm: int) -> Callable[[Logits, Logits], Bounds]:
    def bounds(real: Logits, fake: Logits) -> Bounds:
        value = _true_positive_rate(real, fake, reals_per_false_alarm)
        return true_positive_rate_bounds(value, real, fake, reals_per_false_alarm)

    return bounds


@metric(
    "tpr_at_5_fpr",
    "TPR at 5 % FPR",
    1,
    explained="share of fakes found at the lowest threshold that calls at most 5 % of these real "
    "images fake; .05 is chance",
    interval=_true_positive_rate_bounds(20),
)
def tpr_at_5_fpr(real: Logits, fake: Logits) -> float:
    """Return the largest true positive rate of a threshold with a false positive rate up to 5 %.

    A point of the ROC curve, not interpolated. The threshold is taken from the cell's own reals, so
    it says how well the two are told apart and not how a threshold fixed before would do. Of fewer
    than 20 reals none may be called fake.
    """
    return _true_positive_rate(real, fake, 20)


@metric(
    "tpr_at_1_fpr",
    "TPR at 1 % FPR",
    1,
    explained="share of fakes found at the lowest threshold that calls at most 1 % of these real "
    "images fake; .01 is chance",
    interval=_true_positive_rate_bounds(100),
    on_page=False,
)
def tpr_at_1_fpr(real: Logits, fake: Logits) -> float:
    """Return the same at 1 %; of fewer than 100 reals none may be called fake."""
    return _true_positive_rate(real, fake, 100)


def _equal_error_bounds(real: Logits, fake: Logits, ranks: MutualRanks) -> Bounds:
    return equal_error_bounds(eer(real, fake, ranks), real, fake)


@metric(
    "eer",
    "equal error rate",
    1,
    explained="error rate where as large a share of reals is called fake as of fakes real; .5 is "
    "chance, 0 is best",
    interval=_equal_error_bounds,
    better="lower",
    on_page=False,
    needs="ranks",
)
def eer(real: Logits, fake: Logits, ranks: MutualRanks) -> float:
    """Return the false positive rate at which the ROC curve has as many misses among the fakes.

    Between two thresholds the curve is a straight line, so that the rate exists with ties, too.
    """
    # Where misses become as many as false alarms is a logit of one side; so is the last before it.
    # Of reals of one logit the last has all of them up to it; the others are the same threshold.
    called_real = np.arange(1, real.size + 1) / real.size
    excess_at_reals = ranks.fakes_up_to_real / fake.size - (1 - called_real)
    excess_at_fakes = ranks.fakes_up_to_fake / fake.size - (1 - ranks.reals_up_to_fake / real.size)
    places = [int((each < 0).sum()) for each in (excess_at_reals, excess_at_fakes)]
    after = min(side[n] for side, n in zip((real, fake), places, strict=True) if n < side.size)
    lower = [side[: side.searchsorted(after)] for side in (real, fake)]
    before = max((side[-1] for side in lower if side.size), default=-np.inf)
    (start, first), (stop, second) = (_excess_and_rate(t, real, fake) for t in (before, after))
    passed = -start / (stop - start)
    return (1 - passed) * first + passed * second  # of two rates a rate, whatever is rounded


def _excess_and_rate(threshold: float, real: Logits, fake: Logits) -> tuple[float, float]:
    """Return the miss rate less the false positive rate, which grows from -1 to 1; and that one."""
    called = CalledImages.at(threshold, real, fake)
    rate = (called.n_real - called.n_real_right) / called.n_real
    return 1 - called.sensitivity[0] - rate, rate


@metric(
    "oracle_accuracy",
    "oracle accuracy",
    1,
    explained="accuracy at the threshold that is best for these very images, which nobody knows "
    "beforehand: an upper limit, no result; chance is above .5, and it has no interval",
    on_page=False,
    needs="ranks",
)
def oracle_accuracy(real: Logits, fake: Logits, ranks: MutualRanks) -> float:
    """Return the largest accuracy of any threshold, chosen on the images that it is measured on.

    The best threshold is a real's logit, or below all of them: any other misses fakes for nothing.
    """
    # Of reals of one logit the last has all of them up to it, and so the most right calls.
    right = np.arange(1, real.size + 1) + fake.size - ranks.fakes_up_to_real
    return max(int(right.max()), fake.size) / (real.size + fake.size)
