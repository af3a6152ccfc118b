"""Tests over seeds against R and scipy, and what one seed says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind
from stat_cases import expected

from analysis.statistics.effect import NotTestable
from analysis.statistics.seed_tests import paired_t, welch_t

CASES = expected("small_tests.expected")
A, B = CASES["paired_t"]["a"], CASES["paired_t"]["b"]


def test_the_misuse_in_the_small_case_is_rs():
    assert welch_t(A, B).p == pytest.approx(CASES["welch_t_misuse"]["p"], abs=1e-13)
    assert paired_t(A, B).p == pytest.approx(CASES["paired_t"]["p"], abs=1e-13)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=8), st.lists(st.integers(0, 9), min_size=2))
def test_welch_is_scipys(a, b):
    if len(set(a)) == 1 or len(set(b)) == 1:  # of which scipy warns
        return
    found, theirs = welch_t(a, b), ttest_ind(a, b, equal_var=False)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.df == pytest.approx(theirs.df, rel=1e-9)
    interval = theirs.confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-8)


def test_few_seeds_are_warned_of_and_one_is_refused():
    assert "Fewer than 5 seeds" in welch_t([1, 2, 3, 4, 5], [1, 2, 3, 5]).notes[0]
    assert not welch_t([1, 2, 3, 4, 5], [1, 2, 3, 5, 6]).notes
    with pytest.raises(NotTestable, match="1 seed of B says nothing of its training"):
        welch_t([1, 2], [3])
    with pytest.raises(NotTestable, match="makes no pairs"):
        paired_t([1, 2, 4], [3, 1])
    with pytest.raises(NotTestable, match="no value"):
        welch_t([1, 2, np.nan], [3, 1])
    with pytest.raises(NotTestable, match="the same on all seeds"):
        welch_t([1, 1, 1], [2, 2])
