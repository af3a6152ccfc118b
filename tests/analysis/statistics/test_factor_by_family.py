"""Factor x family on the reference case; the permutation test against counting and its interval."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stat_cases import FOLDER, expected

from analysis.statistics.effect import NotTestable
from analysis.statistics.factor_by_family import mixed_model, permutation, smallest_p
from analysis.statistics.mixed_model import crossed_fit
from analysis.statistics.seed_tests import welch_t

CASE = expected("mixed_factor_family.expected")
ORDER = ("gan", "diff")
COMPARED = ("0.25", "0.5"), ("diff", "gan")


@pytest.fixture(scope="module")
def frame():
    table = pd.read_csv(FOLDER / "mixed_factor_family.csv")
    return table.rename(columns={"npr_factor": "level", "accuracy": "value"})


@pytest.fixture(scope="module")
def fit(frame):
    return crossed_fit(frame, *COMPARED)


def test_the_mixed_model_is_lmers(fit):
    full, ours = CASE["lmer_full"], list(fit.fixed.values())
    for key, place in (("fixef", 0), ("se", 1)):
        theirs = full[key]
        order = [
            *("(Intercept)", "npr_factor0.25", "npr_factor0.75", "familydiff"),
            *("npr_factor0.25:familydiff", "npr_factor0.75:familydiff"),
        ]
        assert [each[place] for each in ours] == pytest.approx([theirs[n] for n in order], abs=1e-4)
    names = {"gf": "generator_level", "Residual": "residual"}
    wanted = {names.get(name, name): sd for name, sd in full["varcorr"].items()}
    assert fit.sds == pytest.approx(wanted, abs=1e-4)
    assert fit.log_likelihood == pytest.approx(full["reml_loglik"], abs=1e-3)
    assert fit.joint_f == pytest.approx(full["anova_F"]["npr_factor:family"], rel=1e-4)
    assert fit.df == pytest.approx(full["anova_dendf"]["npr_factor:family"], abs=1e-3)
    assert fit.joint_p == pytest.approx(full["anova_p"]["npr_factor:family"], rel=2e-3)


def test_the_contrast_has_ts_p_and_not_zs(frame):
    found = mixed_model(frame, *COMPARED)
    assert found.value == pytest.approx(0.03768, abs=1e-8)
    assert found.df == 12
    assert found.p == pytest.approx(0.024, abs=5e-4)  # z would give .010
    turned = mixed_model(frame, COMPARED[0], COMPARED[1][::-1])
    assert (turned.value, turned.p) == pytest.approx((-found.value, found.p))


def test_the_mixed_model_wants_every_run_on_every_generator(frame):
    with pytest.raises(NotTestable, match="Not every run"):
        mixed_model(frame.iloc[1:], *COMPARED)
    with pytest.raises(NotTestable, match="has one seed"):
        mixed_model(frame[(frame["seed"] == 0) | (frame["level"] != 0.5)], *COMPARED)
    few = frame["generator"].isin(["biggan", "adm", "glide", "sd14", "vqdm"])
    with pytest.raises(NotTestable, match="one generator"):
        mixed_model(frame[few], *COMPARED)


def test_per_generator_differences_are_permuted():
    case = CASE["generator_level_025_vs_05"]
    gans = ("biggan", "cyclegan", "gaugan", "stylegan2")
    families = {name: "gan" if name in gans else "diff" for name in case["diffs"]}
    found = permutation(case["diffs"], families, "gan", "diff")
    assert found.p == pytest.approx(case["exact_permutation_p"], abs=1e-12)
    assert found.value == pytest.approx(case["mean_gan"] - case["mean_diff"])
    assert found.units == "4 gan and 4 diff generators"
    assert found.low < found.value < found.high < 0
    beside = welch_t(*([case["diffs"][n] for n in families if families[n] == f] for f in ORDER))
    assert (beside.statistic, beside.p) == pytest.approx((case["welch_t"], case["welch_p"]))
    assert (beside.low, beside.high) == pytest.approx(case["welch_ci"])


def test_the_smallest_p_of_a_design():
    found = [smallest_p(*each) for each in ((1, 7), (2, 6), (3, 5), (4, 4))]
    assert found == pytest.approx([0.125, 1 / 28, 1 / 56, 2 / 70])
    assert smallest_p(0, 8) == 1


def test_one_gan_is_refused_and_told_what_to_add():
    differences = {f"g{i}": float(i) ** 0.5 for i in range(8)}
    families = {name: "gan" if name == "g0" else "diffusion" for name in differences}
    with pytest.raises(NotTestable, match=r"cannot give a p below \.125.*at least 2 gan"):
        permutation(differences, families, "gan", "diffusion")
    families["g1"] = "gan"
    assert permutation(differences, families, "gan", "diffusion").p == pytest.approx(1 / 28)
    with pytest.raises(NotTestable, match="at least 4 generators of each"):
        permutation({"g0": 1.0, "g2": 2.0}, families, "gan", "diffusion")


VALUES = st.lists(st.integers(-5, 5).map(float), min_size=3, max_size=5)


def permuted(x, y, **more):
    values = {f"{i}": value for i, value in enumerate([*x, *y])}
    families = {name: "x" if int(name) < len(x) else "y" for name in values}
    return permutation(values, families, "x", "y", **more)


@settings(max_examples=30)
@given(VALUES, VALUES)
def test_all_ways_to_deal_out_families_are_counted(x, y):
    assume(smallest_p(len(x), len(y)) <= 0.1)
    pooled = np.array([*x, *y])
    observed = abs(np.mean(x) - np.mean(y))
    dealt = []
    for chosen in combinations(range(len(pooled)), len(x)):
        rest = np.delete(pooled, chosen)
        dealt.append(abs(pooled[list(chosen)].mean() - rest.mean()))
    wanted = np.mean(np.array(dealt) >= observed - 1e-9)
    assert permuted(x, y, level=0.9).p == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([(4, 4), (3, 5), (2, 7), (5, 6)]))
def test_the_interval_is_what_the_permutations_do_not_reject(seed, sizes):
    random = np.random.default_rng(seed)
    x, y = random.normal(size=sizes[0]), random.normal(1, size=sizes[1])
    found = permuted(x, y)
    for end, outwards in ((found.low, -1), (found.high, 1)):
        assert permuted(x - end - outwards * 1e-8, y).p <= 0.05
        assert permuted(x - end + outwards * 1e-8, y).p > 0.05


def test_many_generators_are_drawn():
    random = np.random.default_rng(0)
    x, y = random.normal(size=12), random.normal(1, size=12)
    found = permuted(x, y)
    assert "100,000 draws" in found.method
    exact = permuted(x[:9], y[:9])
    assert "exact" in exact.method
    assert found == permuted(x, y)
    assert found.low < found.value < found.high
