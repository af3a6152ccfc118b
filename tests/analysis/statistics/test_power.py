"""What designs find: the figures of the reference, statsmodels, and simulated designs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stat_cases import expected
from statsmodels.stats.power import TTestIndPower, TTestPower

from analysis.statistics.design import Design, Spreads, claims_of, family_reach, needed_for
from analysis.statistics.power import (
    detectable,
    discordance_found,
    generator_part,
    pairs_for_probability,
    seed_parts,
    seeds_needed,
    smallest_sign_p,
    units_needed,
)
from analysis.statistics.proportions import wilson
from analysis.statistics.two_component import two_component_t

SPREADS = Spreads(seed=0.01, generator=0.02, training=0.02, test=0.02)


def design(**more):
    given = {"seeds": 5, "training_generators": 1, "test_generators": 8, "spreads": SPREADS}
    return Design(**{**given, **more})


def found_of(planned):
    return {each.claim: each for each in claims_of(planned)}


def test_seeds_that_a_gain_needs():
    assert [seeds_needed(1, sd) for sd in (0.3, 0.5, 1, 2)] == [3, 6, 17, 64]
    assert [seeds_needed(2, sd) for sd in (1, 2)] == [6, 17]


def test_smallest_gains_in_standard_deviations():
    seeds = [detectable(seed_parts(n, 1)) for n in (3, 5, 10, 20)]
    assert seeds == pytest.approx([3.1, 2.0, 1.3, 0.9], abs=0.05)
    generators = [detectable([generator_part(n, 1)]) for n in (6, 8, 16)]
    assert generators == pytest.approx([1.4, 1.2, 0.75], abs=0.05)


def test_images_are_rarely_the_limit():
    assert discordance_found(12_000, 0.05) == pytest.approx(0.0057, abs=5e-5)
    for share, half in ((0.5, 0.009), (0.99, 0.0018)):
        interval = wilson(share * 12_000, 12_000)
        assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.02)


def test_units_that_holms_correction_needs():
    smallest = expected("signed_rank_min_p")["min_p"]
    assert {str(n): smallest_sign_p(n) for n in range(2, 17)} == pytest.approx(smallest)
    assert [units_needed(k) for k in (1, 11, 66)] == [6, 9, 12]
    assert pairs_for_probability(0.75) == 29


@settings(max_examples=20)
@given(st.integers(6, 40), st.floats(0.5, 0.95), st.floats(0.01, 0.1))  # else theirs is NaN
def test_power_is_statsmodels(n, power, alpha):
    ours = detectable(seed_parts(n, 1), alpha=alpha, power=power)
    assert TTestIndPower().power(ours, n, alpha) == pytest.approx(power, abs=0.002)
    ours = detectable([generator_part(n, 1)], alpha=alpha, power=power)
    assert TTestPower().power(ours, n, alpha) == pytest.approx(power, abs=0.002)


def test_the_two_component_test_finds_what_is_said():
    gain = found_of(design())["this procedure on new generators"].found
    random = np.random.default_rng(0)

    def once():
        difference = gain + random.normal(0, 0.02, 8)
        a = difference + random.normal(0, 0.01, (5, 1))
        return two_component_t(a, random.normal(0, 0.01, (5, 1)) + np.zeros(8)).p < 0.05

    assert np.mean([once() for _ in range(1500)]) == pytest.approx(0.8, abs=0.05)


def test_claims_of_a_design_and_what_they_lack():
    found = found_of(design(images=12_000, training_generators=8, comparisons=6))
    assert len(found) == 5
    for each in found.values():
        assert each.refusal == ""
        assert each.found < each.found_corrected
    narrow, wide = (
        found[f"this procedure on {these} generators"].found for these in ("these", "new")
    )
    assert narrow < wide
    assert "this procedure on new training and test generators" not in found_of(design())


def test_one_seed_and_few_generators_are_refused():
    found = found_of(design(seeds=1, test_generators=5))
    assert "one seed" in found["this procedure on these generators"].refusal
    assert "one seed" in found["this procedure on new generators"].refusal
    assert found["these files on new generators"].refusal.startswith("no p below .0625")
    assert {each.found for each in found.values()} == {None}
    many = found_of(design(comparisons=66))["these files on new generators"]
    assert many.found is not None
    assert many.found_corrected is None
    assert "at least 12 test generators" in many.refusal


def test_more_seeds_do_not_make_up_for_generators():
    few = needed_for(design(), 0.01)
    assert (few.on_these, few.on_new, few.generators) == (17, None, None)
    more = needed_for(design(), 0.025)
    assert more.on_new > more.on_these
    some = needed_for(design(seeds=12), 0.015)
    assert some.on_new is None
    assert some.generators > 8
    parts = [generator_part(some.generators, 0.02), *seed_parts(12, 0.01)]
    assert detectable(parts) <= 0.015


def test_one_gan_cannot_be_significant():
    alone, enough = family_reach({"gan": 1, "diffusion": 7}), family_reach({"a": 4, "b": 4})
    assert alone[0].smallest == 0.125
    assert alone[0].mend == "add at least 1 gan generator"
    assert enough[0].smallest == pytest.approx(2 / 70)
    assert enough[0].mend == ""
    assert "4 generators of each" in family_reach({"a": 1, "b": 2})[0].mend
