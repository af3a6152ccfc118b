"""Tests over generators against R, scipy and enumeration; intervals invert their tests."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import PermutationMethod, permutation_test, ttest_rel, wilcoxon
from stat_cases import blocks, expected

from analysis.statistics.effect import NotTestable
from analysis.statistics.generator_tests import paired_t, sign_flip, signed_rank

NAMES, VALUES = blocks("demsar2006_auc")
WILCOXON = expected("demsar2006.expected")["wilcoxon_pairs"]
DIFFERENCES = st.lists(
    st.integers(-4, 4).map(lambda n: n / 10), min_size=6, max_size=8
)  # few values: ties and zeros are the rule


@pytest.mark.parametrize("pair", WILCOXON)
def test_signed_ranks_are_rs(pair):
    a, b = (VALUES[:, NAMES.index(name)] for name in pair.split(" vs "))
    case = WILCOXON[pair]
    found = signed_rank(a - b)
    assert found.statistic == case["V_R"]
    assert found.p == pytest.approx(case["p_exact_dropzero"], abs=1e-14)
    assert signed_rank(a - b, zeros="pratt").p == pytest.approx(case["p_exact_pratt"], abs=1e-14)
    assert f"{case['n_zero']} difference" in found.notes[0]


@settings(max_examples=12)
@given(DIFFERENCES)
def test_signed_ranks_are_scipys(differences):
    assume(np.count_nonzero(differences) >= 6)
    theirs = wilcoxon(differences, method=PermutationMethod(n_resamples=1000)).pvalue
    assert signed_rank(differences).p == pytest.approx(theirs, abs=1e-12)


@settings(max_examples=40)
@given(DIFFERENCES)
def test_sign_flip_counts_all_signs(differences):
    assume(any(differences))
    found = np.array(differences)
    sums = np.array(list(product((1, -1), repeat=len(found)))) @ found
    p = np.mean(np.abs(sums) >= abs(found.sum()) - 1e-9)
    assert sign_flip(differences).p == pytest.approx(p, abs=1e-12)


def test_sign_flip_is_scipys():
    found = np.random.default_rng(0).normal(0.4, size=9)
    theirs = permutation_test(
        (found, np.zeros(9)),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=10**6,
    )
    assert sign_flip(found).p == pytest.approx(theirs.pvalue, abs=1e-12)


@settings(max_examples=30)
@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=6, max_size=10, unique=True))
def test_the_interval_of_sign_flips_is_what_they_do_not_reject(differences):
    assume(any(differences))
    found = np.array(differences)
    effect = sign_flip(found)
    width = 1e-6
    for end, outwards in ((effect.low, -1), (effect.high, 1)):
        assert sign_flip(found - (end + outwards * width)).p <= 0.05
        assert sign_flip(found - (end - outwards * width)).p > 0.05


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(6, 12))
def test_the_interval_of_signed_ranks_is_what_they_do_not_reject(seed, n):
    found = np.random.default_rng(seed).normal(0.5, size=n)
    effect = signed_rank(found)
    for end, outwards in ((effect.low, -1), (effect.high, 1)):
        assert signed_rank(found - (end + outwards * 1e-8)).p <= 0.05
        assert signed_rank(found - (end - outwards * 1e-8)).p > 0.05


def test_many_units_are_drawn_and_agree_with_the_exact_test():
    random = np.random.default_rng(3)
    found = random.normal(0.35, 1, size=20)
    exact = sign_flip(found)
    many = sign_flip(np.append(found, found.mean()))
    assert "200,000 draws" in many.method
    assert many.p == pytest.approx(exact.p, rel=0.3)
    assert (many.low, many.high) == pytest.approx((exact.low, exact.high), abs=0.1)
    assert many == sign_flip(np.append(found, found.mean()))


@pytest.mark.parametrize("test", [sign_flip, signed_rank])
def test_the_smallest_p_is_two_to_the_minus_n(test):
    smallest = expected("signed_rank_min_p")["min_p"]
    for n in range(6, 17):
        assert test(np.arange(1.0, n + 1)).p == pytest.approx(smallest[str(n)], rel=1e-12)
    with pytest.raises(NotTestable, match=r"5 test generators cannot give a p below \.0625"):
        test(np.arange(1.0, 6))
    assert (
        test(np.arange(1.0, 6), level=0.9).p
        == expected("small_tests.expected")["wilcoxon_n5"]["p_exact"]
    )


def test_zeros_do_not_count_as_generators():
    with pytest.raises(NotTestable, match="3 of them without a difference"):
        signed_rank([0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5])
    for test in (sign_flip, signed_rank):
        with pytest.raises(NotTestable, match="equal on every"):
            test(np.zeros(8))
        with pytest.raises(NotTestable, match="have no difference"):
            test([0.1] * 7 + [np.nan])


def test_the_paired_t_is_rs_and_scipys():
    case = expected("small_tests.expected")["paired_t"]
    a, b = np.array(case["a"]), np.array(case["b"])
    found = paired_t(a - b)
    assert (found.statistic, found.df) == pytest.approx((case["t"], case["df"]), abs=1e-11)
    assert found.p == pytest.approx(case["p"], abs=1e-13)
    assert (found.low, found.high) == pytest.approx(case["ci"], abs=1e-14)
    assert found.p == pytest.approx(ttest_rel(a, b).pvalue, abs=1e-14)
    with pytest.raises(NotTestable, match="the same on all"):
        paired_t([0.25, 0.25, 0.25])
