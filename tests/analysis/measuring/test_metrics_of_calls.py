"""Confusion counts, thresholds and probabilities of a cell, against scikit-learn, ties included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    precision_recall_fscore_support,
    roc_curve,
)

from analysis.measuring.called_images import threshold_of_reals
from analysis.measuring.cell_measures import measure
from analysis.measuring.image_probabilities import BINS, ImageProbabilities
from analysis.measuring.metric_registry import find_metric
from analysis.measuring.mutual_ranks import MutualRanks
from analysis.measuring.sorted_scores import SortedScores
from analysis.measuring.validation_scores import ValidationScores
from analysis.statistics.temperature import fitted_temperature, probability

LOGITS = st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.5, 3.0]), min_size=1, max_size=30)
SPREAD = st.lists(st.floats(-6, 6, width=32), min_size=1, max_size=40)


def array(values):
    return np.asarray(values, dtype=np.float32)


def labelled(real, fake):
    return np.repeat([0, 1], [len(real), len(fake)]), np.concatenate([array(real), array(fake)])


def value(name, real, fake, **more):
    return find_metric(name).estimate(SortedScores.of(array(real), array(fake), **more)).value


@settings(max_examples=40)
@given(LOGITS, LOGITS)
def test_precision_recall_and_f1_are_scikit_learns(real, fake):
    labels, logits = labelled(real, fake)
    found = precision_recall_fscore_support(labels, logits > 0, zero_division=np.nan)
    for label, name in enumerate(("real", "fake")):
        precision, recall, f1 = (found[n][label] for n in range(3))
        mine = value(f"precision_{name}", real, fake)
        assert (mine is None) == np.isnan(precision), "undefined, and no 0, where none is called so"
        assert mine is None or mine == pytest.approx(precision, abs=1e-12)
        assert value(f"recall_{name}", real, fake) == pytest.approx(recall, abs=1e-12)
        assert value(f"f1_{name}", real, fake) == pytest.approx(f1, abs=1e-12)
    assert value("f1_macro", real, fake) == pytest.approx(np.mean(found[2]), abs=1e-12)
    assert value("specificity", real, fake) == pytest.approx(found[1][0])
    assert value("sensitivity", real, fake) == pytest.approx(found[1][1])


@settings(max_examples=40)
@given(LOGITS, LOGITS)
def test_oracle_accuracy_is_the_best_of_all_thresholds(real, fake):
    labels, logits = labelled(real, fake)
    best = max(accuracy_score(labels, logits > t) for t in [-9, *logits])
    assert value("oracle_accuracy", real, fake) == pytest.approx(best, abs=1e-12)


@given(LOGITS, LOGITS)
def test_ranks_are_counted(real, fake):
    real, fake = np.sort(array(real)), np.sort(array(fake))
    ranks = MutualRanks.of(real, fake)
    assert ranks.reals_below_fake.tolist() == [(real < f).sum() for f in fake]
    assert ranks.reals_up_to_fake.tolist() == [(real <= f).sum() for f in fake]
    assert ranks.fakes_below_real.tolist() == [(fake < r).sum() for r in real]
    assert ranks.fakes_up_to_real.tolist() == [(fake <= r).sum() for r in real]
    assert ranks.fakes_below_fake.tolist() == [(fake < f).sum() for f in fake]
    assert ranks.fakes_up_to_fake.tolist() == [(fake <= f).sum() for f in fake]


@settings(max_examples=40)
@given(LOGITS, LOGITS)
def test_the_equal_error_rate_is_where_the_roc_curve_meets_its_counter_diagonal(real, fake):
    fpr, tpr, _ = roc_curve(*labelled(real, fake), drop_intermediate=False)
    # Along the curve 1 - TPR - FPR falls from 1 to -1: a vertical step has one rate.
    along = np.arange(len(fpr), dtype=float)
    place = brentq(lambda x: 1 - np.interp(x, along, tpr) - np.interp(x, along, fpr), 0, along[-1])
    assert value("eer", real, fake) == pytest.approx(np.interp(place, along, fpr), abs=1e-9)


@given(st.integers(1, 90), st.integers(1, 90))
def test_the_equal_error_rate_of_what_is_apart_is_0_for_any_counts(n_real, n_fake):
    assert value("eer", range(-n_real, 0), range(1, 1 + n_fake)) == 0


def test_the_equal_error_rate_of_what_is_apart_or_the_wrong_way_round():
    assert value("eer", [-2, -1], [1, 2]) == 0
    assert value("eer", [1, 2], [-2, -1]) == 1, "never flipped"
    assert value("eer", [0, 0, 0], [0]) == 0.5, "one logit for all is chance"


def test_one_real_of_a_hundred_may_be_called_fake_and_of_ninety_nine_none():
    reals, fakes = array([*range(99), 1000]), array([98, 500, 2000, 3000])
    assert value("tpr_at_1_fpr", reals, fakes) == 3 / 4
    assert value("tpr_at_1_fpr", reals[1:], fakes) == 1 / 2


@settings(max_examples=40)
@given(SPREAD, SPREAD)
def test_brier_and_calibration_error_are_scikit_learns(real, fake):
    check_calibration(real, fake)


def test_many_images_are_in_the_bins_of_scikit_learn():
    rng = np.random.default_rng(4)
    check_calibration(rng.normal(-1, 2, 4000), rng.normal(1, 2, 3000))


def check_calibration(real, fake):
    labels, logits = labelled(real, fake)
    p = probability(logits)
    assert value("brier", real, fake) == pytest.approx(brier_score_loss(labels, p), abs=1e-12)
    shares, means = calibration_curve(labels, p, n_bins=BINS)
    places = np.searchsorted(np.arange(1, BINS) / BINS, p)
    weights = np.unique(places, return_counts=True)[1] / len(p)
    expected = np.sum(weights * np.abs(shares - means))
    assert value("ece", real, fake) == pytest.approx(expected, abs=1e-12)


def test_calibrated_is_of_logits_over_the_temperature_of_validation():
    rng = np.random.default_rng(3)
    real, fake = rng.normal(-3, 4, 50), rng.normal(3, 4, 70)
    own = rng.normal(-2, 3, 200), rng.normal(2, 3, 200)
    validation = ValidationScores(*(np.sort(array(each)) for each in own))
    temperature = fitted_temperature(*reversed(labelled(*own))).value
    assert validation.temperature == pytest.approx(temperature)
    assert temperature > 1.2
    cooled = array(real) / temperature, array(fake) / temperature
    for name in ("brier", "ece"):
        calibrated = value(f"{name}_calibrated", real, fake, validation=validation)
        assert calibrated == pytest.approx(value(name, *cooled), abs=1e-6)
        assert calibrated < value(name, real, fake)
    one_sided = ValidationScores(validation.real, validation.fake[:0])
    assert value("ece_calibrated", real, fake, validation=one_sided) is None


@given(st.lists(st.integers(0, 30), min_size=1, max_size=300), st.sampled_from([20, 100]))
def test_a_threshold_of_reals_is_the_lowest_that_keeps_the_rate(reals, one_in):
    reals = np.sort(array(reals))
    found = threshold_of_reals(reals, one_in)
    assert (reals > found).sum() * one_in <= reals.size
    lower = reals[reals < found]
    assert not lower.size or (reals > lower[-1]).sum() * one_in > reals.size


def test_a_threshold_of_validation_looks_at_reals_alone_and_needs_enough():
    rng = np.random.default_rng(5)
    real, fake = rng.normal(size=300), rng.normal(2, size=100)
    own = np.sort(array(rng.normal(1, 1, 100)))
    for fakes in (own[:0], own - 50):
        validation = ValidationScores(own, fakes)
        for one_in, place in ((20, -6), (100, -2)):
            right = (array(real) <= own[place]).sum() + (array(fake) > own[place]).sum()
            name = f"accuracy_at_fpr{100 // one_in}_validation"
            assert value(name, real, fake, validation=validation) == right / 400
    for n, defined in ((99, (True, False)), (20, (True, False)), (19, (False, False))):
        few = ValidationScores(own[:n], own)
        for rate, known in zip((5, 1), defined, strict=True):
            name = f"accuracy_at_fpr{rate}_validation"
            assert (value(name, real, fake, validation=few) is not None) == known
    assert value("accuracy_at_fpr5_validation", real, fake) is None


def test_reals_that_set_a_threshold_are_not_measured_and_all_reals_count():
    apart = np.arange(40.0)  # the threshold is 37: two of them are above
    measured = np.array([0.0, 37, 38, 90, 90])
    fakes = np.array([37.0, 38, 40, 50])
    real = np.concatenate([apart, measured])
    sets = np.arange(45) < 40
    found = value("accuracy_at_fpr5_held_out", real, fakes, sets_threshold=sets)
    assert found == pytest.approx((2 / 5 * 45 + 3 / 4 * 4) / 49)
    too_few = np.arange(45) < 19
    assert value("accuracy_at_fpr5_held_out", real, fakes, sets_threshold=too_few) is None
    assert value("accuracy_at_fpr5_held_out", real, fakes) is None


def test_counts_of_a_cell_are_the_confusion_matrix_of_its_metrics():
    """At a logit of 0 itself an image is called real, as the metrics call it."""

    def pool(*logits):
        return np.array(logits, np.float32), np.zeros(len(logits), np.bool_)

    named = [find_metric(name) for name in ("specificity", "sensitivity")]
    found = measure([pool(-1, 0, 0, 2)], [pool(0, 0, 1), pool(3)], leakage="exclude", metrics=named)
    counts = found.counts
    assert (counts.n_real_right, counts.n_fake_right) == (3, 2)
    assert found.metrics["specificity"] == counts.n_real_right / counts.n_real
    assert found.metrics["sensitivity"] == counts.n_fake_right / counts.n_fake


def test_an_image_is_seen_or_without_a_logit_and_counts_once():
    logits = np.array([-1, np.nan, np.nan, 2], np.float32)
    seen = np.array([True, True, False, False])
    fakes = np.array([1.0], np.float32), np.array([False])
    found = measure([(logits, seen)], [fakes], leakage="exclude", metrics=[]).counts
    assert (found.n_real, found.n_seen, found.n_seen_fake, found.n_null) == (1, 2, 0, 1)
    found = measure([(logits, seen)], [fakes], leakage="allow", metrics=[]).counts
    assert (found.n_real, found.n_null) == (2, 2)


def test_a_bin_holds_its_upper_edge():
    found = ImageProbabilities(np.array([3 / 15]), np.array([2.5 / 15]))
    assert found.calibration_error == pytest.approx((1 - 3 / 15 - 2.5 / 15) / 2)
