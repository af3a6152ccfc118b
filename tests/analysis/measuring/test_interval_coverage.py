"""How often intervals hold the truth, in samples of few and many images, from chance to perfect."""

import numpy as np
import pytest
from scipy.stats import norm

from analysis.measuring.metric_registry import known_metrics
from analysis.measuring.sorted_scores import RealsApart, SortedScores
from analysis.measuring.validation_scores import ValidationScores

REPETITIONS = 600
# Where fewer reals are measured than a false alarm needs, bounds are wide on purpose.
WIDE = {"tpr_at_1_fpr"}


@pytest.mark.slow
@pytest.mark.parametrize("auc", [0.6, 0.9, 0.99])
@pytest.mark.parametrize("n", [100, 2000])
@pytest.mark.parametrize("sharpness", [0.5, 1, 3])
def test_intervals_hold_the_truth(auc, n, sharpness):
    """Logits are honest at a sharpness of 1, too careful below, too sure above.

    Thresholds and temperatures are given, as the intervals say: one validation serves all samples.
    """
    apart = norm.ppf(auc) * 2**0.5

    def drawn(rng, images):
        sides = (rng.normal(side * apart / 2, size=images) for side in (-1, 1))
        return tuple(apart * sharpness * side for side in sides)

    rng = np.random.default_rng([int(1000 * auc), n])
    validation = ValidationScores(*map(np.sort, drawn(rng, 500)))
    setting = np.sort(drawn(rng, 400)[0])

    def scores(images):
        real, fake = drawn(rng, images)
        # The reals kept apart are the same each time, so that their threshold is given, too.
        found = SortedScores.of(real, fake, validation=validation)
        object.__setattr__(found, "apart", RealsApart(setting, found.real))
        return found

    whole = scores(1_000_000)
    metrics = [each for each in known_metrics() if each.interval is not None]
    truth = {each.name: each.estimate(whole).value for each in metrics}
    held = dict.fromkeys(truth, 0)
    known = dict.fromkeys(truth, 0)
    for _ in range(REPETITIONS):
        sample = scores(n)
        for each in metrics:
            found = each.estimate(sample).bounds
            if found is not None:
                known[each.name] += 1
                held[each.name] += found[0] <= truth[each.name] <= found[1]
    shares = {name: held[name] / known[name] for name in held if known[name]}
    assert len(shares) == len(metrics)
    low = {name: share for name, share in shares.items() if share < 0.9}
    high = {name: share for name, share in shares.items() if share > 0.99 and name not in WIDE}
    assert not low, shares
    assert not high, shares
