"""Metrics against counting by hand and against scikit-learn, ties included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from analysis.measuring.metric_registry import find_metric, known_metrics
from analysis.measuring.sorted_scores import SortedScores
from analysis.measuring.validation_scores import ValidationScores

accuracy, balanced_accuracy, auc, average_precision, tpr_at_5_fpr = (
    find_metric(name).compute
    for name in ("accuracy", "balanced_accuracy", "auc", "average_precision", "tpr_at_5_fpr")
)

# A few values, so that ties are the rule.
LOGITS = st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.5, 3.0, np.inf]), min_size=1, max_size=30)


def array(values):
    return np.asarray(values, dtype=np.float32)


@given(LOGITS, LOGITS)
def test_auc_counts_pairs(real, fake):
    pairs = [(f > r) + 0.5 * (f == r) for r in real for f in fake]
    assert auc(array(real), array(fake)) == pytest.approx(np.mean(pairs), abs=1e-15)


def test_auc_is_scikit_learns():
    rng = np.random.default_rng(0)
    real = rng.normal(size=3000).round(2).astype(np.float32)
    fake = rng.normal(0.7, size=2000).round(2).astype(np.float32)
    expected = roc_auc_score([0] * 3000 + [1] * 2000, np.concatenate([real, fake]))
    assert auc(real, fake) == pytest.approx(expected, abs=1e-12)


def test_auc_is_never_flipped():
    assert auc(array([1, 2]), array([-1, 0])) == 0.0
    assert auc(array([0]), array([0])) == 0.5
    assert auc(array([-1, 0]), array([1, 2])) == 1.0


def test_accuracy_at_zero():
    real, fake = array([-1, 0, 1]), array([0, 2, 3, 4])
    assert accuracy(real, fake) == 5 / 7, "at 0 an image is called real"
    assert balanced_accuracy(real, fake) == pytest.approx((2 / 3 + 3 / 4) / 2)


def test_calling_everything_real_is_chance_however_many_are_real():
    real, fake = array([-1] * 9000), array([-1] * 1000)
    assert accuracy(real, fake) == 0.9
    assert balanced_accuracy(real, fake) == 0.5


def labelled(real, fake):
    return [0] * len(real) + [1] * len(fake), np.concatenate([real, fake])


@given(LOGITS, LOGITS)
def test_average_precision_is_scikit_learns_with_ties(real, fake):
    real, fake = array(real).clip(max=9), array(fake).clip(max=9)  # scikit-learn takes no inf
    expected = average_precision_score(*labelled(real, fake))
    assert average_precision(real, fake) == pytest.approx(expected, abs=1e-12)


def test_average_precision_of_a_tie_is_one_step():
    assert average_precision(array([0]), array([0, 0])) == 2 / 3, "whatever comes first in a sort"
    assert average_precision(array([2]), array([1, 3])) == (1 + 2 / 3) / 2


@given(st.integers(1, 70), st.integers(1, 30), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_tpr_is_the_best_of_the_thresholds_that_roc_curve_allows(n_real, n_fake, values, seed):
    rng = np.random.default_rng(seed)
    real, fake = array(rng.integers(0, values, n_real)), array(rng.integers(1, values + 1, n_fake))
    fpr, tpr, _ = roc_curve(*labelled(real, fake), drop_intermediate=False)
    allowed = np.rint(fpr * n_real) * 20 <= n_real  # in integers: .05 is no sum of powers of two
    assert tpr_at_5_fpr(real, fake) == pytest.approx(tpr[allowed].max(), abs=1e-12)


def test_one_real_of_twenty_may_be_called_fake_and_of_nineteen_none():
    reals, fakes = array([*range(19), 100]), array([18, 50, 60, 200])
    assert tpr_at_5_fpr(reals, fakes) == 3 / 4
    assert tpr_at_5_fpr(reals[1:], fakes) == 1 / 4
    assert tpr_at_5_fpr(array([5] * 40), array([5, 6])) == 1 / 2, "a tie is on neither side"


@settings(max_examples=60)
@given(
    *[st.lists(st.sampled_from([-9.0, -0.5, 0.0, 0.5, 3.0]), min_size=1, max_size=9)] * 2,
    st.integers(1, 60),
)
def test_every_interval_holds_its_value_and_has_a_width(real, fake, times):
    real, fake = (np.repeat(array(side), times) for side in (real, fake))
    half = np.arange(real.size) % 2 == 0
    validation = ValidationScores(np.sort(real), np.sort(fake))
    scores = SortedScores.of(real, fake, sets_threshold=half, validation=validation)
    for metric in known_metrics():
        found = metric.estimate(scores)  # which refuses any other
        has_none = found.value is None or metric.name == "oracle_accuracy"
        assert (found.bounds is None) == has_none, metric.name


@pytest.mark.parametrize("metric", [each.compute for each in known_metrics()])
def test_what_is_undefined_is_none(metric):
    empty = array([])
    assert metric(empty, array([1])) is None
    assert metric(array([1]), empty) is None
    assert metric(empty, empty) is None


@pytest.mark.parametrize("metric", [each.compute for each in known_metrics()])
def test_nan_is_refused(metric):
    with pytest.raises(ValueError, match="leave the images without a score out"):
        metric(array([np.nan]), array([1]))


@pytest.mark.parametrize(("n_real", "n_fake"), [(3, 7), (7, 11), (10, 30), (60, 40)])
def test_the_equal_error_rate_of_what_is_told_apart_is_0_and_of_its_reverse_1(n_real, n_fake):
    real, fake = np.arange(n_real) - 100.0, np.arange(n_fake) + 100.0
    assert find_metric("eer").compute(real, fake) == pytest.approx(0, abs=1e-15)
    assert find_metric("eer").compute(fake, real) == pytest.approx(1, abs=1e-15)
