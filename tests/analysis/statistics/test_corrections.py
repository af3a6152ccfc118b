"""Corrections against R and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stat_cases import expected
from statsmodels.stats.multitest import multipletests

from analysis.statistics.corrections import benjamini_hochberg, holm

CASE = expected("small_tests.expected")["padjust"]


def test_corrections_are_rs():
    assert holm(CASE["p"]) == pytest.approx(CASE["holm"], abs=1e-14)
    assert benjamini_hochberg(CASE["p"]) == pytest.approx(CASE["BH"], abs=1e-14)


@settings(max_examples=8)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrections_are_statsmodels(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


def test_what_gave_no_p_still_counts():
    assert holm([0.01, 0.02], size=5) == pytest.approx((0.05, 0.08))
    # As if the others had given 1.
    assert holm([0.01, 0.02], size=5) == holm([0.01, 0.02, 1, 1, 1])[:2]
    assert benjamini_hochberg([0.01, 0.02], size=5) == pytest.approx(
        benjamini_hochberg([0.01, 0.02, 1, 1, 1])[:2]
    )


def test_no_comparison_gives_none():
    assert holm([]) == ()
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, np.nan])
    with pytest.raises(ValueError, match="2 p-values of 1"):
        holm([0.5, 0.5], size=1)
