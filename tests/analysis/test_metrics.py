"""Metrics against counting by hand and against scikit-learn, ties included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from analysis.metrics import accuracy, auc, balanced_accuracy

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


@pytest.mark.parametrize("metric", [accuracy, balanced_accuracy, auc])
def test_what_is_undefined_is_none(metric):
    empty = array([])
    assert metric(empty, array([1])) is None
    assert metric(array([1]), empty) is None
    assert metric(empty, empty) is None


@pytest.mark.parametrize("metric", [accuracy, balanced_accuracy, auc])
def test_nan_is_refused(metric):
    with pytest.raises(ValueError, match="leave the images without a score out"):
        metric(array([np.nan]), array([1]))
