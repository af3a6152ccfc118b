"""TOST, trends, repeated splits, effect sizes and rank intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from stat_cases import expected
from statsmodels.stats.weightstats import ttost_paired

from analysis.statistics.effect import NotTestable
from analysis.statistics.effect_sizes import cliffs_delta, dz, probability_of_improvement
from analysis.statistics.equivalence import tost
from analysis.statistics.generator_tests import sign_flip
from analysis.statistics.rankings import rank_intervals
from analysis.statistics.resampled_t import corrected_resampled_t
from analysis.statistics.trend import trend

CASES = expected("small_tests.expected")
DIFFERENCES = np.array(CASES["paired_t"]["a"]) - np.array(CASES["paired_t"]["b"])


def test_tost_is_rs():
    found = tost(DIFFERENCES, CASES["tost"]["margin"])
    assert found.p == pytest.approx(CASES["tost"]["p"], abs=1e-13)
    assert (found.low, found.high) == pytest.approx(CASES["tost"]["ci90"], abs=1e-14)
    assert found.level == 0.9


@settings(max_examples=40)
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=9), st.integers(1, 12))
def test_tost_is_statsmodels(differences, margin):
    if len(set(differences)) == 1:
        return
    zeros = np.zeros(len(differences))
    theirs = ttost_paired(np.array(differences, dtype=float), zeros, -margin, margin)[0]
    found = tost(differences, margin)
    assert found.p == pytest.approx(theirs, abs=1e-12)
    assert (found.p < 0.05) == (-margin < found.low and found.high < margin)


def test_a_margin_is_above_0():
    with pytest.raises(ValueError, match="above 0"):
        tost(DIFFERENCES, 0)


def test_the_corrected_resampled_t_is_the_reference():
    case = CASES["corrected_resampled_t"]
    found = corrected_resampled_t(case["diffs"], case["test_fraction"])
    assert found.statistic == pytest.approx(case["t"], abs=1e-12)
    assert (found.df, found.p) == pytest.approx((case["df"], case["p"]), abs=1e-12)
    assert found.p > case["uncorrected_p"]
    with pytest.raises(ValueError, match="between 0 and 1"):
        corrected_resampled_t(case["diffs"], 1)


def test_a_trend_is_the_sign_flip_of_slopes():
    random = np.random.default_rng(0)
    levels = [50, 70, 90, 95]
    values = 0.002 * np.array(levels) + random.normal(0, 0.01, (8, 4)) + random.normal(size=(8, 1))
    slopes = [np.polyfit(levels, row, 1)[0] for row in values]
    found, wanted = trend(levels, values), sign_flip(slopes)
    assert (found.value, found.p) == pytest.approx((wanted.value, wanted.p))
    assert found.value == pytest.approx(0.002, rel=0.2)
    assert found.method.endswith("of slopes")
    with pytest.raises(NotTestable, match="no trend"):
        trend([5, 5], values[:, :2])


def test_dz_is_rs():
    assert dz(DIFFERENCES) == pytest.approx(CASES["paired_t"]["dz"], abs=1e-12)
    with pytest.raises(NotTestable, match="no spread"):
        dz([0.1])


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5), min_size=1), st.lists(st.integers(0, 5), min_size=1))
def test_cliffs_delta_is_that_of_mann_and_whitney(a, b):
    share = mannwhitneyu(a, b).statistic / (len(a) * len(b))
    assert probability_of_improvement(a, b) == pytest.approx(share)
    assert cliffs_delta(a, b) == pytest.approx(2 * share - 1)


def test_the_probability_of_improvement_is_within_generators():
    a, b = np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[0.5, 0.3], [0.5, 0.15], [0.5, 0.0]])
    assert probability_of_improvement(a, b) == pytest.approx((1 + 0.5) / 2)


def test_rank_intervals_are_of_units():
    random = np.random.default_rng(0)
    values = random.normal([0.9, 0.5, 0.49, 0.1], 0.05, (10, 4))
    found = rank_intervals(values, ("best", "one", "two", "worst"))
    by_name = {each.name: each for each in found}
    assert found[0].name == "best"
    assert (by_name["best"].low, by_name["best"].high, by_name["best"].best) == (1, 1, 1)
    assert (by_name["worst"].low, by_name["worst"].high) == (4, 4)
    assert (by_name["one"].low, by_name["one"].high) == (2, 3)
    assert by_name["one"].mean == pytest.approx(values[:, 1].mean())
    assert found == rank_intervals(values, ("best", "one", "two", "worst"))
    turned = rank_intervals(-values, ("best", "one", "two", "worst"), higher_is_better=False)
    assert [each.rank for each in turned] == [each.rank for each in found]


def test_equal_means_share_ranks_and_wins():
    values = np.array([[0.5, 0.5, 0.1], [0.7, 0.7, 0.2], [0.6, 0.6, 0.3]])
    found = rank_intervals(values, tuple("abc"))
    assert [each.rank for each in found] == [1.5, 1.5, 3]
    assert [each.best for each in found] == [0.5, 0.5, 0]
    with pytest.raises(NotTestable, match="1 unit"):
        rank_intervals(values[:1], tuple("abc"))
