"""The area up to 10 % false alarms: pROC's figures and scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from stat_cases import expected, rows_of

from analysis.measuring.metric_registry import find_metric
from analysis.measuring.metrics.partial_area import _standardised


@pytest.mark.parametrize("detector", ["d1", "d2", "d3", "d4"])
def test_the_figures_of_proc(detector):
    rows = rows_of("delong_ties")
    sides = [[float(r[detector]) for r in rows if r["label_fake"] == label] for label in "01"]
    figures = expected("delong_ties.expected")["single"][detector]
    found = find_metric("auc_to_10_fpr").compute(*map(np.array, sides))
    assert found == pytest.approx(figures["pauc_mcclish_fpr0_0.1"], abs=1e-12)
    assert found == pytest.approx(_standardised(figures["pauc_fpr0_0.1"] / 0.1), abs=1e-12)


@given(
    real=st.lists(st.integers(-3, 3), min_size=1, max_size=45),
    fake=st.lists(st.integers(-2, 4), min_size=1, max_size=45),
)
def test_the_area_of_scikit_learn_whatever_the_ties(real, fake):
    labels = [0] * len(real) + [1] * len(fake)
    theirs = roc_auc_score(labels, [*real, *fake], max_fpr=0.1)
    found = find_metric("auc_to_10_fpr").compute(np.array(real, float), np.array(fake, float))
    assert found == pytest.approx(theirs, abs=1e-12)
