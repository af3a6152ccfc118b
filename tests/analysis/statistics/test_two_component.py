"""The two-component t, by hand and on what it cannot test."""

import numpy as np
import pytest
from scipy.stats import t

from analysis.statistics.effect import NotTestable
from analysis.statistics.two_component import two_component_t

A = np.array([[0.9, 0.8, 0.7], [0.92, 0.84, 0.7]])
B = np.array([[0.85, 0.81, 0.6], [0.86, 0.78, 0.66], [0.84, 0.76, 0.64]])


def test_the_parts_are_of_generators_and_of_either_arms_seeds():
    found = two_component_t(A, B)
    of_generators = np.var(A.mean(0) - B.mean(0), ddof=1) / 3
    of_a, of_b = np.var(A.mean(1), ddof=1) / 2, np.var(B.mean(1), ddof=1) / 3
    variance = of_generators + of_a + of_b
    df = variance**2 / (of_generators**2 / 2 + of_a**2 / 1 + of_b**2 / 2)
    assert found.value == pytest.approx(A.mean() - B.mean())
    assert found.df == pytest.approx(df)
    assert found.statistic == pytest.approx(found.value / variance**0.5)
    assert found.p == pytest.approx(2 * t.sf(found.statistic, df))
    half = t.ppf(0.975, df) * variance**0.5
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))
    assert found.units == "3 test generators, 2 seeds of A, 3 of B"
    assert "Fewer than 5 seeds" in found.notes[0]


def test_a_and_b_change_places():
    one, other = two_component_t(A, B), two_component_t(B, A)
    assert (one.value, one.low, one.p) == pytest.approx((-other.value, -other.high, other.p))


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(NotTestable, match="One seed"):
        two_component_t(A[:1], B)
    with pytest.raises(NotTestable, match="One test generator"):
        two_component_t(A[:, :1], B[:, :1])
    with pytest.raises(NotTestable, match="missing"):
        two_component_t(np.where(A == 0.84, np.nan, A), B)
    with pytest.raises(NotTestable, match="the same on all"):
        two_component_t(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="the same test generators"):
        two_component_t(A, B[:, :2])
