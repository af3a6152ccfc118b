"""DeLong against pROC to 1e-12, and what an AUC of 1 and shared images change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from stat_cases import expected, rows_of

from analysis.statistics import delong
from analysis.statistics.effect import NotTestable
from analysis.statistics.proportions import wilson

CASES = expected("delong_ties.expected")
ROWS = rows_of("delong_ties")
IS_FAKE = np.array([row["label_fake"] == "1" for row in ROWS])
SCORES = {name: np.array([float(row[name]) for row in ROWS]) for name in CASES["single"]}
LOGITS = st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.5, 3.0]), min_size=2, max_size=20)


def by_class(name):
    return SCORES[name][~IS_FAKE], SCORES[name][IS_FAKE]


@pytest.mark.parametrize("name", CASES["single"])
def test_auc_and_its_variance_are_procs(name):
    placed = delong.placements(*by_class(name))
    assert placed.auc == pytest.approx(CASES["single"][name]["auc"], abs=1e-12)
    assert placed.variance == pytest.approx(CASES["single"][name]["var_delong"], abs=1e-12)


@pytest.mark.parametrize("pair", CASES["pairs"], ids=lambda pair: pair["a"] + pair["b"])
def test_paired_difference_is_procs(pair):
    found = delong.paired(*by_class(pair["a"]), *by_class(pair["b"]))
    assert found.statistic == pytest.approx(pair["z_paired"], abs=1e-12)
    assert found.p == pytest.approx(pair["p_paired"], rel=1e-11)
    assert (found.low, found.high) == pytest.approx(pair["diff_ci95"], abs=1e-12)


@pytest.mark.parametrize("pair", CASES["pairs"], ids=lambda pair: pair["a"] + pair["b"])
def test_unpaired_difference_is_procs(pair):
    found = delong.unpaired(*by_class(pair["a"]), *by_class(pair["b"]))
    assert found.statistic == pytest.approx(pair["D_unpaired_t"], abs=1e-12)
    assert found.df == pytest.approx(pair["df_unpaired"], rel=1e-12)
    assert found.p == pytest.approx(pair["p_unpaired"], rel=1e-11)


@settings(max_examples=30)
@given(LOGITS, LOGITS)
def test_auc_is_scikit_learns(real, fake):
    truth = [0] * len(real) + [1] * len(fake)
    assert delong.placements(real, fake).auc == pytest.approx(roc_auc_score(truth, real + fake))


@settings(max_examples=30)
@given(LOGITS, LOGITS)
def test_interval_holds_the_auc_and_has_a_width(real, fake):
    found = delong.auc_interval(real, fake)
    assert 0 <= found.low <= found.estimate + 1e-12
    assert found.estimate <= found.high + 1e-12
    assert found.high <= 1
    assert found.high - found.low > 0.01


@settings(max_examples=30)
@given(LOGITS, LOGITS)
def test_interval_turns_over_with_the_classes(real, fake):
    one, other = delong.auc_interval(real, fake), delong.auc_interval(fake, real)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))


def test_interval_is_of_the_logit_scale():
    found = delong.auc_interval(*by_class("d1"))
    case = CASES["single"]["d1"]
    error = 1.959963984540054 * case["var_delong"] ** 0.5 / (case["auc"] * (1 - case["auc"]))
    middle = np.log(case["auc"] / (1 - case["auc"]))
    assert found.low == pytest.approx(1 / (1 + np.exp(error - middle)))


def test_perfect_order_has_a_bound_of_the_smaller_class():
    found = delong.auc_interval(np.zeros(50), np.ones(200))
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert found.low == wilson(50, 50).low
    assert "50 images" in found.method


def test_a_perfect_auc_is_not_tested():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=60), random.normal(1, size=40)
    for effect in (delong.paired, delong.unpaired):
        found = effect(np.zeros(60), np.ones(40), real, fake)
        assert found.p is None
        assert found.low < found.value < found.high
        assert found.high <= 1 - delong.auc_interval(real, fake).low + 1e-12
        assert "without a p" in found.notes[0]
        theirs = delong.auc_interval(real, fake)
        a_side, b_side = 1 - wilson(40, 40).low, theirs.high - theirs.estimate
        assert found.value - found.low == pytest.approx(np.hypot(a_side, b_side))


def test_one_detector_twice_is_not_tested():
    real, fake = by_class("d1")
    found = delong.paired(real, fake, real, fake)
    assert (found.value, found.p) == (0.0, None)
    assert found.low < 0 < found.high


def test_what_has_no_auc_is_refused():
    with pytest.raises(NotTestable, match="1 real and 3 fakes"):
        delong.placements([1.0], [1.0, 2.0, 3.0])
    with pytest.raises(NotTestable, match="no logit"):
        delong.placements([1.0, np.nan], [1.0, 2.0])
    with pytest.raises(NotTestable, match="same images"):
        delong.paired([0, 1], [2, 3], [0, 1, 2], [2, 3])


def paired_set(reals, fakes, a, b):
    return delong.PairedSet(reals, fakes, delong.placements(*a), delong.placements(*b))


def test_sets_without_shared_images_add_their_variances():
    random = np.random.default_rng(1)
    sets, variance, differences = [], 0.0, []
    for place in range(3):
        real_a, fake_a = random.normal(size=90), random.normal(1, size=70)
        real_b, fake_b = real_a + random.normal(size=90), fake_a + random.normal(size=70)
        ids = [f"{place} real {i}" for i in range(90)], [f"{place} fake {i}" for i in range(70)]
        sets.append(paired_set(*ids, (real_a, fake_a), (real_b, fake_b)))
        one = delong.paired(real_a, fake_a, real_b, fake_b)
        variance += (one.value / one.statistic) ** 2
        differences.append(one.value)
    found = delong.clustered(sets)
    assert found.value == pytest.approx(np.mean(differences))
    # Only the factor n / (n - 1) is of all images together.
    assert found.value / found.statistic == pytest.approx(variance**0.5 / 3, rel=0.01)
    assert found.units == "480 images"


def test_a_set_that_is_there_twice_adds_nothing():
    random = np.random.default_rng(2)
    a = random.normal(size=80), random.normal(1, size=80)
    b = random.normal(size=80), random.normal(0.5, size=80)
    once = paired_set(np.arange(80), np.arange(80), a, b)
    found, alone = delong.clustered([once, once]), delong.paired(*a, *b)
    assert found.statistic == pytest.approx(alone.statistic)
    assert found.units == "160 images"


def test_an_image_counts_once_in_a_set():
    a = np.zeros(3), np.ones(3)
    with pytest.raises(NotTestable, match="twice"):
        delong.clustered([paired_set([1, 1, 2], [1, 2, 3], a, a)])
