import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.statistics.temperature import (
    HIGHEST,
    LOWEST,
    fitted_temperature,
    mean_log_loss,
    probability,
)

LOGITS = st.floats(-30, 30, width=32)
SCORES = st.lists(st.tuples(LOGITS, st.integers(0, 1)), max_size=12)
# Mostly right and sometimes wrong, on both sides: of most lists that hold them there is a best one.
TOLD_APART = [*[(-3.0, 0), (3.0, 1)] * 12, *[(-3.0, 1), (3.0, 0)] * 2]


@settings(max_examples=30)
@given(SCORES)
def test_no_other_temperature_is_likelier(scores):
    logits, labels = map(np.array, zip(*TOLD_APART, *scores, strict=True))
    value = fitted_temperature(logits, labels).value
    assume(value is not None)
    assert LOWEST < value < HIGHEST
    best = mean_log_loss(logits, labels, value)
    for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2):
        assert best <= mean_log_loss(logits, labels, value * factor) + 1e-9


@settings(max_examples=40)
@given(st.lists(LOGITS, min_size=2, max_size=20), st.floats(LOWEST, HIGHEST))
def test_scaling_keeps_order_and_side(logits, temperature):
    raw, scaled = probability(logits), probability(logits, temperature)
    order = np.argsort(logits, kind="stable")
    assert (np.diff(scaled[order]) >= 0).all()
    assert (np.sign(raw - 0.5) * np.sign(scaled - 0.5) >= 0).all()
    assert ((scaled >= 0) & (scaled <= 1)).all()


def test_doubled_logits_have_twice_the_temperature():
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    logits = rng.normal(labels - 0.5, 1.0)
    one, two = (fitted_temperature(logits * k, labels).value for k in (1, 2))
    assert one is not None
    assert two is not None
    assert math.isclose(two, 2 * one, rel_tol=1e-6)
    # Two normal distributions of deviation 1, 1 apart: their log odds are the logit itself.
    assert 0.8 < one < 1.25


@pytest.mark.parametrize(
    ("logits", "labels", "why"),
    [
        ([], [], "no validation scores"),
        ([np.nan], [1], "no validation scores"),
        ([1.0, 2.0], [1, 1], "fake images only"),
        ([1.0, 2.0], [0, 0], "real images only"),
        ([-1.0, 2.0], [0, 1], "without an error"),
        ([1.0, -2.0], [0, 1], "do not tell"),
        ([1.0, 1.0], [0, 1], "do not tell"),
    ],
)
def test_undefined_is_said(logits, labels, why):
    found = fitted_temperature(logits, labels)
    assert found.value is None
    assert why in found.why_not


def test_images_without_a_score_are_left_out():
    logits, labels = [2.0, -1.0, 0.5, 1.0], [1, 0, 0, 1]
    assert fitted_temperature([*logits, np.nan], [*labels, 0]) == fitted_temperature(logits, labels)
