"""Friedman on Demsar's tables, with and without ties, and against scipy and scikit-posthocs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare
from stat_cases import blocks, expected

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.friedman import (
    against_control,
    all_pairs,
    critical_difference,
    critical_difference_to_control,
    friedman,
    nemenyi,
)

CASE, BROKEN = expected("demsar2006.expected"), expected("demsar2006_tie_broken.expected")
NAMES, VALUES = blocks("demsar2006_auc")
RESULT = friedman(VALUES, NAMES)


def test_demsars_table_both_ways():
    assert RESULT.mean_ranks == pytest.approx(CASE["avg_ranks"])
    assert RESULT.n == CASE["n"]
    found = [RESULT.chi2, RESULT.p_chi2, RESULT.f, RESULT.p_f]
    wanted = ["friedman_chi2_no_tie_correction", "p_chi2", "F_F", "p_F_F"]
    assert found == pytest.approx([CASE[key] for key in wanted], rel=1e-12)
    found = [RESULT.chi2_tied, RESULT.p_chi2_tied, RESULT.f_tied, RESULT.p_f_tied]
    wanted = [
        *("friedman_chi2_tie_corrected_R", "p_chi2_tie_corrected_R"),
        *("F_F_from_tie_corrected", "p_F_F_tie_corrected"),
    ]
    assert found == pytest.approx([CASE[key] for key in wanted], rel=1e-12)


def test_demsars_own_numbers_come_out_once_the_tie_is_broken():
    found = friedman(blocks("demsar2006_auc_voting_tie_broken")[1], NAMES)
    assert found.mean_ranks == pytest.approx(BROKEN["avg_ranks"])
    assert found.chi2 == pytest.approx(BROKEN["friedman_chi2_no_tie_correction"], rel=1e-12)
    assert found.f == pytest.approx(BROKEN["F_F"], rel=1e-12)
    assert found.p_f == pytest.approx(BROKEN["p_F_F"], rel=1e-11)
    assert found.chi2_tied == pytest.approx(BROKEN["friedman_chi2_tie_corrected"], rel=1e-12)
    assert found.p_chi2_tied == pytest.approx(BROKEN["p_tie_corrected"], rel=1e-11)
    assert round(found.chi2, 2) == CASE["published"]["chi2"]
    assert round(found.f, 2) == CASE["published"]["F_F"]
    pairs = {pair.a: pair for pair in against_control(found, "C4.5")}
    for key, name in (("z_vs_C45", "z"), ("p_vs_C45", "p"), ("p_holm", "p_corrected")):
        values = {a: getattr(pair, name) for a, pair in pairs.items()}
        assert values == pytest.approx(BROKEN[key], rel=1e-11)


def test_critical_differences_are_rs():
    for alpha, name in ((0.05, "CD_nemenyi_05"), (0.1, "CD_nemenyi_10")):
        assert critical_difference(4, 14, alpha) == pytest.approx(CASE[name], rel=1e-6)
    for alpha, name in ((0.05, "CD_bonferroni_dunn_05"), (0.1, "CD_bonferroni_dunn_10")):
        assert critical_difference_to_control(4, 14, alpha) == pytest.approx(CASE[name], rel=1e-12)
    assert round(critical_difference(4, 14), 4) == 1.2536
    assert round(critical_difference(4, 14, 0.1), 4) == 1.1181
    assert RESULT.standard_error == pytest.approx(CASE["se"], rel=1e-12)


def test_a_control_is_compared_with_holm():
    pairs = {pair.a: pair for pair in against_control(RESULT, CASE["control"])}
    for key, name in (("z_vs_control", "z"), ("p_vs_control", "p"), ("p_holm", "p_corrected")):
        values = {a: getattr(pair, name) for a, pair in pairs.items()}
        assert values == pytest.approx(CASE[key], rel=1e-11)


def test_nemenyis_pairs_are_rs():
    for pair in nemenyi(RESULT):
        case = CASE["nemenyi_pairs"][f"{pair.a} vs {pair.b}"]
        assert abs(pair.z) == pytest.approx(case["z"], rel=1e-11)
        assert pair.p == pytest.approx(case["p_unadj"], rel=1e-11)
        assert pair.p_corrected == pytest.approx(case["p_nemenyi"], abs=1e-6)


def test_nemenyis_pairs_are_scikit_posthocs():
    from scikit_posthocs import posthoc_nemenyi_friedman

    values = np.random.default_rng(0).normal(size=(9, 5))
    names = tuple("abcde")
    theirs = posthoc_nemenyi_friedman(values).to_numpy()
    for pair in nemenyi(friedman(values, names)):
        wanted = theirs[names.index(pair.a), names.index(pair.b)]
        assert pair.p_corrected == pytest.approx(wanted, abs=1e-6)


TABLES = st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=2, max_size=8)


@settings(max_examples=40)
@given(TABLES)
def test_the_tie_corrected_chi2_is_scipys(table):
    if all(len(set(row)) == 1 for row in table):
        return
    found = friedman(table, tuple("abcd"))
    theirs = friedmanchisquare(*np.array(table, dtype=float).T)
    assert found.chi2_tied == pytest.approx(theirs.statistic, abs=1e-9)
    assert found.p_chi2_tied == pytest.approx(theirs.pvalue, abs=1e-9)


def test_lower_may_be_better():
    turned = friedman(-VALUES, NAMES, higher_is_better=False)
    assert turned == RESULT


def test_rounding_errors_are_ties():
    values = np.array([[0.3, 0.1 + 0.2, 0.5], [0.1, 0.4, 0.2]])
    assert friedman(values, tuple("abc")).mean_ranks["a"] == pytest.approx((2.5 + 3) / 2)


def test_one_order_everywhere_has_an_infinite_f():
    found = friedman(np.arange(12.0).reshape(4, 3), tuple("abc"))
    assert found.f == np.inf
    assert found.p_f == 0
    assert found.p_chi2 > 0


def test_all_pairs_are_signed_ranks_with_holm():
    pairs = all_pairs(VALUES, NAMES)
    assert len(pairs) == 6
    wilcoxon = CASE["wilcoxon_pairs"]
    for (a, b), (effect, corrected) in pairs.items():
        assert isinstance(effect, Effect)
        assert effect.p == pytest.approx(wilcoxon[f"{a} vs {b}"]["p_exact_dropzero"])
        assert corrected >= effect.p
    smallest = pairs["C4.5", "C4.5+m"]
    assert smallest[1] == pytest.approx(6 * 0.00732421875)


def test_a_pair_that_cannot_be_tested_counts_among_the_comparisons():
    values = VALUES.copy()
    values[:, 3] = values[:, 0]
    pairs = all_pairs(values, NAMES)
    refusal, corrected = pairs["C4.5", "C4.5+m+cf"]
    assert isinstance(refusal, NotTestable)
    assert corrected is None
    assert pairs["C4.5", "C4.5+m"][1] == pytest.approx(6 * 0.00732421875)


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(NotTestable, match="2 methods on 3"):
        friedman(np.eye(3)[:, :2], tuple("ab"))
    with pytest.raises(NotTestable, match="missing"):
        friedman([[1, 2, np.nan], [1, 2, 3]], tuple("abc"))
    with pytest.raises(NotTestable, match="equal everywhere"):
        friedman(np.ones((3, 3)), tuple("abc"))
