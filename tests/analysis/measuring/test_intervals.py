"""Intervals of metrics: against statsmodels, the statistics room and a bootstrap of rows."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis.measuring.image_probabilities import BINS, ImageProbabilities
from analysis.measuring.intervals import of_a_mean, of_both_shares, on_logit_scale, wilson_bounds
from analysis.measuring.metric_registry import find_metric, known_metrics
from analysis.measuring.sorted_scores import SortedScores
from analysis.measuring.validation_scores import ValidationScores
from analysis.statistics import delong


def sample(auc, n_real, n_fake, seed=0, decimals=6):
    """Normal logits around 0 with an AUC."""
    rng = np.random.default_rng(seed)
    apart = norm.ppf(auc) / 2**0.5
    return rng.normal(-apart, size=n_real).round(decimals), rng.normal(apart, size=n_fake).round(
        decimals
    )


def bounds(name, real, fake, **more):
    return find_metric(name).estimate(SortedScores.of(real, fake, **more)).bounds


@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_accuracies_are_wilsons(decimals):
    real, fake = sample(0.8, 90, 60, decimals=decimals)
    right = (real <= 0).sum(), (fake > 0).sum()
    for name, count, n in (
        ("accuracy", sum(right), 150),
        ("specificity", right[0], 90),
        ("recall_fake", right[1], 60),
    ):
        expected = proportion_confint(count, n, method="wilson")
        assert bounds(name, real, fake) == pytest.approx(expected)


def test_balanced_accuracy_is_newcombes():
    real, fake = sample(0.8, 90, 60)
    missed, called = (real > 0).sum(), (fake > 0).sum()
    # Half of sensitivity minus false positive rate, and a half.
    low, high = confint_proportions_2indep(called, 60, missed, 90, method="newcomb")
    assert bounds("balanced_accuracy", real, fake) == pytest.approx(((low + 1) / 2, (high + 1) / 2))


@pytest.mark.parametrize("decimals", [0, 1, 6])
@pytest.mark.parametrize("auc", [0.5, 0.9, 0.9999])
def test_auc_is_delongs_of_the_statistics_room(auc, decimals):
    real, fake = sample(auc, 120, 80, decimals=decimals)
    found = delong.auc_interval(real, fake)
    assert bounds("auc", real, fake) == pytest.approx((found.low, found.high), abs=1e-12)


def test_nothing_is_known_exactly():
    """A perfect, a constant and a hopeless detector: every interval has the width of its images."""
    for real, fake in ((-9.0, 9.0), (2.0, 2.0), (9.0, -9.0)):
        scores = SortedScores.of(
            np.full(60, real),
            np.full(50, fake),
            sets_threshold=np.arange(60) < 30,
            validation=ValidationScores(np.linspace(-2, 1, 200), np.linspace(-1, 2, 200)),
        )
        for metric in known_metrics():
            found = metric.estimate(scores)
            if found.bounds is not None:
                assert found.bounds[1] - found.bounds[0] > 0.02, metric.name


@pytest.mark.parametrize("ties", [1, 6])
@pytest.mark.parametrize(
    "name", ["average_precision", "brier", "eer", "precision_fake", "f1_macro"]
)
def test_intervals_are_as_wide_as_a_bootstrap_of_rows(name, ties):
    real, fake = sample(0.85, 700, 400, decimals=ties)
    metric = find_metric(name)
    rng = np.random.default_rng(1)
    drawn = [metric.compute(rng.choice(real, 700), rng.choice(fake, 400)) for _ in range(400)]
    low, high = bounds(name, real, fake)
    assert (high - low) / (2 * 1.96) == pytest.approx(np.std(drawn), rel=0.13)


def test_the_side_whose_logits_are_dense_moves_the_equal_error_rate_least():
    rng = np.random.default_rng(7)
    real, fake = rng.normal(0, 1, 900), rng.normal(4, 5, 300)
    for sides in ((real, fake), (-fake, -real)):
        drawn = [
            find_metric("eer").compute(*(rng.choice(side, side.size) for side in sides))
            for _ in range(400)
        ]
        low, high = bounds("eer", *sides)
        assert (high - low) / (2 * 1.96) == pytest.approx(np.std(drawn), rel=0.13)


@pytest.mark.parametrize("one_in", [20, 100])
def test_the_bounds_of_a_true_positive_rate_are_those_of_a_bootstrap_of_rows(one_in):
    real, fake = sample(0.9, 3000, 2000)
    name = f"tpr_at_{100 // one_in}_fpr"
    metric = find_metric(name)
    rng = np.random.default_rng(1)
    drawn = [metric.compute(rng.choice(real, 3000), rng.choice(fake, 2000)) for _ in range(400)]
    low, high = bounds(name, real, fake)
    assert high - low == pytest.approx(np.diff(np.quantile(drawn, [0.025, 0.975]))[0], rel=0.2)
    assert bounds(name, real, fake) == (low, high), "drawn alike each time"


def test_a_rate_that_few_reals_cannot_show_has_a_low_bound_near_0():
    real, fake = sample(0.99, 60, 500)
    low, high = bounds("tpr_at_1_fpr", real, fake)
    assert low < 0.1
    assert high > 0.9


def test_an_honest_probability_may_have_no_calibration_error():
    rng = np.random.default_rng(2)
    p = rng.random(1000)
    is_fake = rng.random(1000) < p
    found = ImageProbabilities(np.sort(p[~is_fake]), np.sort(p[is_fake]))
    low, high = found.calibration_error_bounds()
    assert low == 0
    assert found.calibration_error <= high < 0.1


def test_a_dishonest_probability_has_a_calibration_error():
    rng = np.random.default_rng(2)
    p = rng.random(5000)
    is_fake = rng.random(5000) < p**3
    found = ImageProbabilities(np.sort(p[~is_fake]), np.sort(p[is_fake]))
    low, high = found.calibration_error_bounds()
    truth = np.mean(p - p**3)  # every bin's gap has one sign
    assert 0.2 < low < truth < high < 0.3
    assert BINS == 15


def test_a_mean_of_shares_is_a_share():
    """Of numbers 0 and 1 the interval of a mean is Wilson's."""
    low, high = of_a_mean(0.3, 0.3 * 0.7 / 200, 200)
    assert (low, high) == pytest.approx(proportion_confint(60, 200, method="wilson"))


def test_the_logit_scale_is_none_at_its_ends():
    assert on_logit_scale(1.0, 0.0, 40) == pytest.approx(wilson_bounds(1.0, 40))
    assert on_logit_scale(0.5, 1e-40, 40) == pytest.approx(wilson_bounds(0.5, 40))
    low, high = on_logit_scale(1e-6, 0.01, 40)
    assert (low, high) == pytest.approx((0, 1), abs=1e-12), "far out, and no overflow"


def test_both_shares_move_a_number():
    only_real = of_both_shares(lambda spec, sens: spec, (0.8, 50), (0.1, 9))
    assert only_real == pytest.approx(wilson_bounds(0.8, 50))


def test_a_mean_that_varies_more_than_one_share_would_has_a_wide_interval():
    low, high = of_a_mean(0.17, 0.165, 12)  # as of .86 images
    assert 0 <= low < 0.02
    assert 0.75 < high < 1
