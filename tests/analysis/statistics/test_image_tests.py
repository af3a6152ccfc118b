"""Shares and McNemar against R, statsmodels and counting by hand; the bootstrap against DeLong."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stat_cases import expected
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis.statistics import delong
from analysis.statistics.bootstrap import bootstrap_interval, paired_bootstrap
from analysis.statistics.effect import NotTestable
from analysis.statistics.mcnemar import mcnemar
from analysis.statistics.proportions import clopper_pearson, unpaired, wilson

TABLES = expected("mcnemar.expected")["cases"]


@pytest.mark.parametrize("case", expected("proportions.expected")["single"], ids=lambda c: c["x"])
def test_intervals_of_shares_are_rs(case):
    for interval, name in ((wilson, "wilson95"), (clopper_pearson, "clopper_pearson95")):
        found = interval(case["x"], case["n"])
        assert found.estimate == pytest.approx(case["phat"], abs=1e-14)
        assert (found.low, found.high) == pytest.approx(case[name], abs=1e-13)


@settings(max_examples=40)
@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_of_shares_are_statsmodels(pair):
    for interval, name in ((wilson, "wilson"), (clopper_pearson, "beta")):
        for level in (0.95, 0.8):
            found = interval(*pair, level)
            theirs = proportion_confint(*pair, alpha=1 - level, method=name)
            assert (found.low, found.high) == pytest.approx(theirs, abs=1e-10)
            assert found.low <= found.estimate <= found.high
            assert found.low < found.high


def test_no_images_have_no_share():
    with pytest.raises(NotTestable, match="no images"):
        wilson(0, 0)
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(3, 2)


def test_shares_of_different_images_are_rs():
    case = expected("proportions.expected")["two_indep"]
    found = unpaired(11658, 12000, 11594, 12000)
    assert (found.statistic, found.p) == pytest.approx((case["chi2"], case["p"]), rel=1e-11)
    # R's interval is Wald's, which is the same as far from the ends.
    assert (found.low, found.high) == pytest.approx(case["wald_ci"], abs=1e-4)
    theirs = confint_proportions_2indep(11658, 12000, 11594, 12000, method="newcomb")
    assert (found.low, found.high) == pytest.approx(theirs, abs=1e-12)
    perfect = unpaired(50, 50, 40, 40)
    assert (perfect.value, perfect.p) == (0, None)
    assert perfect.low < 0 < perfect.high


@pytest.mark.parametrize("case", TABLES, ids=lambda case: case["name"][:20])
def test_mcnemar_is_rs(case):
    table = case["table"]
    counts = table["A_right_B_wrong"], table["A_wrong_B_right"], sum(table.values())
    assert mcnemar(*counts).p == pytest.approx(case["p_midp"], abs=1e-14)
    assert mcnemar(*counts, exact=True).p == pytest.approx(case["p_exact"], abs=1e-14)
    assert mcnemar(*counts).value == (counts[0] - counts[1]) / counts[2]


@settings(max_examples=40)
@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_statsmodels_and_mid_p_is_counted(b, c):
    found = mcnemar(b, c, 100)
    if b + c == 0:
        assert found.p is None
        return
    theirs = statsmodels_mcnemar([[0, b], [c, 0]], exact=True).pvalue
    assert mcnemar(b, c, 100, exact=True).p == pytest.approx(theirs, abs=1e-12)
    chance = [comb(b + c, k) / 2 ** (b + c) for k in range(b + c + 1)]
    farther = sum(p for k, p in enumerate(chance) if abs(2 * k - b - c) > abs(b - c))
    as_far = sum(p for k, p in enumerate(chance) if abs(2 * k - b - c) == abs(b - c))
    assert found.p == pytest.approx(farther + as_far / 2, abs=1e-12)


def test_mcnemars_interval_is_bonett_and_prices():
    a, b = 2 / 23, 8 / 23
    half = 1.959963984540054 * ((a + b - (a - b) ** 2) / 23) ** 0.5
    found = mcnemar(1, 7, 21)
    assert (found.low, found.high) == pytest.approx((a - b - half, a - b + half))


@settings(max_examples=40)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_interval_holds_the_difference(b, c, others):
    n = b + c + others
    if n == 0:
        return
    found, turned = mcnemar(b, c, n), mcnemar(c, b, n)
    assert found.low <= found.value <= found.high
    assert found.low < found.high
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low))


def auc(real, fake):
    return delong.placements(real, fake).auc


def test_the_bootstrap_of_an_auc_has_delongs_error():
    random = np.random.default_rng(0)
    real_a, fake_a = random.normal(size=400), random.normal(1, size=300)
    real_b, fake_b = real_a + random.normal(size=400), fake_a + random.normal(size=300)
    scores = real_a, fake_a, real_b, fake_b
    found, exact = paired_bootstrap(auc, *scores, draws=600), delong.paired(*scores)
    assert found.value == pytest.approx(exact.value)
    assert found.high - found.low == pytest.approx(exact.high - exact.low, rel=0.12)
    single = bootstrap_interval(auc, real_a, fake_a, draws=600)
    theirs = delong.auc_interval(real_a, fake_a)
    assert single.high - single.low == pytest.approx(theirs.high - theirs.low, rel=0.12)


def test_draws_pair_the_images_and_keep_the_classes():
    real, fake = np.arange(6.0), np.arange(6.0, 10.0)
    random = np.random.default_rng(0).permutation(6)

    def metric(reals, fakes):
        assert len(reals) == 6
        assert len(fakes) == 4
        assert set(reals) <= set(real) | set(-real)
        return float(np.abs(reals).mean())

    # B is A in another order of size: on the same images the two are equal in each draw.
    found = paired_bootstrap(metric, real[random], fake, -real[random], fake, draws=50)
    assert (found.value, found.p, found.low) == (0.0, None, None)


def test_a_bootstrap_is_its_seeds():
    random = np.random.default_rng(0)
    scores = [random.normal(size=30) for _ in range(4)]
    first, again = (paired_bootstrap(auc, *scores, draws=99, seed=4) for _ in range(2))
    assert first == again
    assert "99 draws, seed 4" in first.method
    assert first != paired_bootstrap(auc, *scores, draws=99, seed=5)
    assert first.p >= 2 / 100


def test_undefined_metrics_are_said_or_refused():
    real, fake = np.arange(20.0), np.arange(20.0) + 5

    def sometimes(reals, fakes):
        return None if reals[0] > 0 and len(set(reals)) < 20 else float(np.mean(fakes))

    found = paired_bootstrap(sometimes, real, fake, real, fake[::-1] ** 2, draws=60)
    assert "undefined" in found.notes[0]
    with pytest.raises(NotTestable, match="undefined of these images"):
        paired_bootstrap(lambda r, f: None, real, fake, real, fake)
    with pytest.raises(NotTestable, match="no images"):
        bootstrap_interval(auc, [], fake)
