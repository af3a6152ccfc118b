"""The area under the beginning of the ROC curve, where few reals are called fake."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.measuring.intervals import Bounds, of_a_mean
from analysis.measuring.metric_registry import metric
from analysis.measuring.sorted_scores import Logits

Floats = npt.NDArray[np.float64]
MOST_FALSE_ALARMS = 0.1


def _standardised(mean_rate: float) -> float:
    """Return the area so that chance is .5 and 1 the best (McClish, Medical Decision Making 1989).

    Args:
        mean_rate: mean true positive rate over the false positive rates up to the largest.
    """
    chance = MOST_FALSE_ALARMS / 2
    return (1 + (mean_rate - chance) / (1 - chance)) / 2


def _highest_reals(real: Logits, fake: Logits) -> tuple[Floats, Floats]:
    """Return what the highest reals weigh, together 1, and the share of fakes above each.

    They are the tenth of the reals that is called fake first; the last of it counts in part. Of a
    fake with a real's own logit one half is above: the curve is a straight line there.
    """
    weigh = real.size * MOST_FALSE_ALARMS
    logits, counts = np.unique(real[-int(np.ceil(weigh)) :], return_counts=True)
    lowest = int((real == logits[0]).sum())  # all reals of the last logit share what is left
    rest = weigh - (counts.sum() - counts[0])
    above = fake.size - fake.searchsorted(logits, side="right")
    up_to = fake.size - fake.searchsorted(logits, side="left")
    rates = (above + up_to) / 2 / fake.size
    # The curve ends within the last step: of it the part that is nearer to its beginning.
    rates[0] = (above[0] + (up_to[0] - above[0]) * rest / lowest / 2) / fake.size
    weights = counts.astype(np.float64)
    weights[0] = rest
    return weights / weigh, rates


def _bounds(real: Logits, fake: Logits) -> Bounds:
    """Return the interval by the influence of each image on the mean rate."""
    weights, rates = _highest_reals(real, fake)
    mean = float(weights @ rates)
    highest = np.unique(real[-int(np.ceil(real.size * MOST_FALSE_ALARMS)) :])
    # Of a fake: the share of the highest reals that it is above. Of a real: what it takes away.
    passed = np.concatenate([[0.0], np.cumsum(weights)])
    of_fakes = (
        passed[highest.searchsorted(fake)] + passed[highest.searchsorted(fake, "right")]
    ) / 2
    beyond = rates - rates[0]
    in_all = float(weights @ beyond) * MOST_FALSE_ALARMS
    of_reals = float(weights @ beyond**2) * MOST_FALSE_ALARMS - in_all**2
    variance = of_fakes.var() / fake.size + of_reals / MOST_FALSE_ALARMS**2 / real.size
    low, high = of_a_mean(mean, float(variance), fake.size)
    return _standardised(low), _standardised(high)


@metric(
    "auc_to_10_fpr",
    "AUC up to 10 % FPR",
    1,
    explained="area under the ROC curve where at most 10 % of the reals are called fake, scaled so "
    "that .5 is chance and 1 the best",
    interval=_bounds,
    on_page=False,
)
def auc_to_10_fpr(real: Logits, fake: Logits) -> float:
    """Return the partial area up to a false positive rate of .1, standardised by McClish.

    The curve ends on a straight line between two of its points, as in pROC and scikit-learn.
    """
    weights, rates = _highest_reals(real, fake)
    return _standardised(float(weights @ rates))
