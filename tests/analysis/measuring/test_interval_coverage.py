"""How often intervals hold the truth, in samples of few and many images, from chance to perfect."""

import numpy as np
import pytest
from scipy.stats import norm

from analysis.measuring.metric_registry import known_metrics
from analysis.measuring.sorted_scores import RealsApart, SortedScores
from analysis.measuring.validation_scores import ValidationScores

REPETITIONS = 600
APART = 400
# One false alarm in a hundred says little of 100 reals: these bounds are wide on purpose.
WIDE = {"tpr_at_1_fpr"}

METRICS = [each for each in known_metrics() if each.interval is not None]
OF_PROBABILITIES = [each for each in METRICS if each.needs in ("probabilities", "calibrated")]


class Sampled:
    """Normal logits with an AUC: honest at a sharpness of 1, too careful below, too sure above.

    Thresholds and temperature are the same in every sample: the intervals take them as given.
    """

    def __init__(self, auc, sharpness):
        self.apart = norm.ppf(auc) * 2**0.5
        self.sharpness = sharpness
        self.rng = np.random.default_rng(round(1000 * auc))
        self.validation = ValidationScores(*map(np.sort, self.logits(500)))
        self.setting = np.sort(self.logits(APART)[0])

    def logits(self, images):
        sides = (self.rng.normal(side * self.apart / 2, size=images) for side in (-1, 1))
        return tuple(self.apart * self.sharpness * side for side in sides)

    def scores(self, images):
        real, fake = map(np.sort, self.logits(images))
        return SortedScores(real, fake, RealsApart(self.setting, real), self.validation)

    def truth(self, metric, images):
        """The value of a million images; the reals kept apart count as they do in a sample."""
        if metric.name == "accuracy_at_fpr5_held_out":
            threshold = self.setting[-1 - APART // 20] / self.apart / self.sharpness
            shares = [norm.cdf(threshold + self.apart / 2), norm.cdf(self.apart / 2 - threshold)]
            return np.average(shares, weights=[images + APART, images])
        return metric.estimate(self.whole).value

    @property
    def whole(self):
        if not hasattr(self, "_whole"):
            self._whole = self.scores(1_000_000)
        return self._whole


def coverage(metrics, auc, n, sharpness):
    sampled = Sampled(auc, sharpness)
    truth = {each.name: sampled.truth(each, n) for each in metrics}
    held = {each.name: [] for each in metrics}
    for _ in range(REPETITIONS):
        sample = sampled.scores(n)
        for each in metrics:
            bounds = each.estimate(sample).bounds
            if bounds is not None:
                held[each.name].append(bounds[0] <= truth[each.name] <= bounds[1])
    return {name: float(np.mean(found)) for name, found in held.items()}


@pytest.mark.slow
@pytest.mark.parametrize("auc", [0.6, 0.9, 0.99])
@pytest.mark.parametrize("n", [100, 2000])
def test_intervals_hold_the_truth(auc, n):
    found = coverage(METRICS, auc, n, 1)
    assert not {name: share for name, share in found.items() if share < 0.9}
    assert not {name: share for name, share in found.items() if share > 0.99 and name not in WIDE}


@pytest.mark.slow
@pytest.mark.parametrize("sharpness", [0.4, 3])
@pytest.mark.parametrize("n", [100, 2000])
def test_intervals_of_dishonest_probabilities_hold_the_truth(n, sharpness):
    found = coverage(OF_PROBABILITIES, 0.9, n, sharpness)
    assert not {name: share for name, share in found.items() if not 0.9 <= share <= 0.99}
