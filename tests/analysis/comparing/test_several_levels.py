"""Families, several levels, trends, and the best of a sweep, on made-up tables."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_tables import MadeUp

from analysis.comparing.best_of_sweep import best_of_sweep
from analysis.comparing.question import Question, Unanswerable
from analysis.comparing.trend_finding import places_of
from analysis.statistics.effect import NotTestable
from analysis.statistics.factor_by_family import permutation
from analysis.statistics.friedman import friedman
from analysis.statistics.trend import trend

ASKED = Question(key="detector", levels=("a", "b"), by="family")


def named(gans, diffusion, others=0):
    return [
        *((f"gan{n}", "gan", f"gan{n}") for n in range(gans)),
        *((f"diff{n}", "diffusion", f"diff{n}") for n in range(diffusion)),
        *((f"new{n}", "unknown", f"new{n}") for n in range(others)),
    ]


def drawn(generators, seed, seeds=5):
    """Values of one side; what a generator does to all of its seeds varies, too."""
    random = np.random.default_rng(seed)
    of_generators = random.standard_normal((1, 1, generators))
    return 0.7 + 0.02 * of_generators + 0.02 * random.standard_normal((seeds, 1, generators))


def asked(generators, question=ASKED, raised=0.0):
    values = {name: drawn(len(generators), seed) for seed, name in enumerate("ab")}
    values["a"][:, :, [family == "diffusion" for _, family, _ in generators]] += raised
    return values, MadeUp(values, generators=generators).ask(question)


def test_families_are_dealt_out_anew_over_generators():
    generators = named(4, 4, others=1)
    values, (whole, family) = asked(generators, raised=0.1)
    differences = values["a"].mean((0, 1)) - values["b"].mean((0, 1))
    expected = permutation(
        dict(zip([name for name, *_ in generators], differences, strict=True)),
        {name: family for name, family, _ in generators},
        "gan",
        "diffusion",
    )
    assert whole.headline.units.startswith("9 test generators")
    assert family.headline.p == pytest.approx(expected.p) == pytest.approx(2 / 70)
    assert family.headline.value == pytest.approx(differences[:4].mean() - differences[4:8].mean())
    [model] = family.others
    assert model.method.startswith("mixed model")
    assert model.value == pytest.approx(family.headline.value, abs=1e-6)
    assert f"{100 * differences[4:8].mean():+.1f} points on diffusion" in family.sentence
    assert "new0" not in family.sentence


def test_families_are_dealt_out_with_near_copies_as_one_beside_the_headline():
    copies = [("gan4", "gan", "gan0"), *named(4, 4)]
    values, (_, family) = asked(copies, raised=0.1)
    difference = values["a"].mean((0, 1)) - values["b"].mean((0, 1))
    merged = [difference[:2].mean(), *difference[2:]]
    groups = named(4, 4)
    expected = permutation(
        dict(zip([name for name, *_ in groups], merged, strict=True)),
        {name: of for name, of, _ in groups},
        "gan",
        "diffusion",
    )
    [grouped] = [each for each in family.others if "near copies as one" in each.method]
    assert (grouped.value, grouped.p) == pytest.approx((expected.value, expected.p))
    assert family.headline.units == "5 gan and 4 diffusion generators"


def test_one_gan_against_seven_cannot_be_significant():
    _, (whole, family) = asked(named(1, 7), raised=0.5)
    assert whole.headline is not None
    assert family.headline is None
    assert family.p_corrected is None
    assert "1 gan and 7 diffusion generators cannot give a p below .125" in family.sentence
    assert "test on at least" in family.refusal.lower()


def test_one_family_has_nothing_to_differ_from():
    _, (_, family) = asked(named(6, 0))
    assert "of one known family (gan)" in family.sentence


def levels_of(values, **more):
    """A sweep of npr.factor: made-up sides and the findings of all levels."""
    settings = {name: {"detector": "npr", "npr.factor": name} for name in values}
    return MadeUp(values, generators=named(8, 0), settings=settings, **more)


def test_three_levels_have_their_ranks_and_the_best_without_the_generator_at_hand():
    values = {name: drawn(8, seed) for seed, name in enumerate(("0.5", "0.25", "0.125"))}
    question = Question(key="npr.factor", levels=tuple(values))
    first, *others = levels_of(values).ask(question)
    assert len(others) == 2
    table = np.array([each.mean((0, 1)) for each in values.values()]).T
    expected = friedman(table, tuple(values))
    ranks, best, sizes = first.notes
    assert f"F(2, 14) = {expected.f_tied:.2f}" in ranks
    assert f"0.25 {expected.mean_ranks['0.25']:.2f}" in ranks
    assert "is an oracle" in best
    assert sizes.startswith("Effect sizes: a run of npr.factor=0.5 is above one of npr.factor=0.25")
    assert not any("Friedman" in note for each in others for note in each.notes)


def test_what_was_trained_on_is_no_part_of_a_sweep():
    values = {name: drawn(8, seed) for seed, name in enumerate(("0.5", "0.25", "0.125"))}
    question = Question(key="npr.factor", levels=tuple(values))
    ranks, *_ = levels_of(values, trained=["gan3"]).ask(question)[0].notes
    assert ranks.startswith("All 3 levels over 7 test generators")


def test_validation_may_choose_a_level():
    values = {name: drawn(8, seed) for seed, name in enumerate(("0.5", "0.25", "0.125"))}
    question = Question(key="npr.factor", levels=tuple(values))
    said = {"0.5": 0.9, "0.25": 0.95, "0.125": 0.94}
    *_, chosen, _ = levels_of(values, validation=said).ask(question)[0].notes
    assert chosen.startswith("Chosen on validation images of the training sets: 0.25 (")
    assert f"AUC {100 * values['0.25'].mean():.1f} points" in chosen
    *_, tied, _ = levels_of(values, validation={**said, "0.5": 0.95}).ask(question)[0].notes
    assert tied.startswith("Validation chooses none: 0.5, 0.25 have the same")


def test_an_axis_has_a_trend_only_where_it_is_declared_ordered():
    values = {name: drawn(8, seed) for seed, name in enumerate(("0.5", "0.25", "0.125"))}
    question = Question(key="npr.factor", levels=tuple(values), is_ordered=True)
    found, *_ = levels_of(values).ask(question)
    table = np.array([each.mean((0, 1)) for each in values.values()]).T
    expected = trend([0.5, 0.25, 0.125], table)
    assert found.headline.value == pytest.approx(expected.value)
    assert found.headline.p == pytest.approx(expected.p)
    values["0.75"] = drawn(8, 9)
    refused, *_ = levels_of(values).ask(replace(question, levels=tuple(values)))
    assert refused.headline is None
    assert "0.75 is not 1/l of a whole l" in refused.sentence


def three_families(gans, diffusion, flows):
    generators = [*named(gans, diffusion), *((f"f{n}", "flow", f"f{n}") for n in range(flows))]
    sides = {name: drawn(len(generators), seed) for seed, name in enumerate("ab")}
    return MadeUp(sides, generators=generators)


def test_families_too_small_for_a_test_are_told_once_and_no_comparisons():
    _, only = three_families(2, 1, 1).ask(ASKED)
    assert only.headline is None
    assert "2 gan, 1 diffusion, 1 flow: no two families have generators enough" in only.sentence
    assert "Test on at least 4 generators of each family" in only.sentence
    assert only.family_size == 2  # the difference itself, and the question about families

    headline, tested = three_families(4, 4, 1).ask(ASKED)
    assert tested.headline is not None
    assert (headline.family_size, tested.family_size) == (2, 2)
    told = "Too few generators for a test: gan and flow, diffusion and flow."
    assert told in tested.notes
    assert {each.family for each in tested.differences} == {"gan", "diffusion"}


def test_levels_stand_where_their_one_number_says():
    assert places_of("degradation", ["jpeg(95)", "jpeg(50)"]) == [95, 50]
    with pytest.raises(Unanswerable, match="none has 0 numbers"):
        places_of("degradation", ["none", "jpeg(50)"])
    with pytest.raises(Unanswerable, match="has 2 numbers"):
        places_of("degradation", ["jpeg(50) | resize(128)", "jpeg(95) | resize(128)"])


def test_a_level_is_judged_by_groups_that_had_no_say_in_it():
    """Level x is the best of group g alone, by far, so that only an oracle picks it there."""
    values = np.array([[0.9, 0.9, 0.5, 0.5, 0.5, 0.5], [0.6] * 6])
    groups = ["g", "g", "h", "i", "j", "k"]
    found = best_of_sweep(["x", "y"], values, groups)
    assert found.chosen == {"g": "y", "h": "x", "i": "x", "j": "x", "k": "x"}
    assert found.nested == pytest.approx((0.6 * 2 + 0.5 * 4) / 6)
    assert (found.oracle_level, found.oracle) == ("x", pytest.approx(values[0].mean()))
    assert found.nested < found.oracle
    of_errors = best_of_sweep(["x", "y"], 1 - values, groups, lower_is_better=True)
    assert of_errors.chosen == found.chosen
    with pytest.raises(NotTestable, match="One group"):
        best_of_sweep(["x", "y"], values, ["g"] * 6)


def test_an_oracle_has_no_place_among_levels():
    """Neither in ranks nor in a trend: its epoch, or its threshold, was picked on test images."""
    names = ("0.5", "0.25", "0.125")
    values = {name: drawn(8, seed) for seed, name in enumerate(names)}
    question = Question(key="npr.factor", levels=names, is_ordered=True)
    settings = {name: {"detector": "npr", "npr.factor": name} for name in names}
    settings["0.25"]["recipe.validate_on"] = "test_sets"
    made = MadeUp(values, generators=named(8, 0), settings=settings)
    trended, *pairs = made.ask(question)
    assert trended.headline is None
    assert "npr.factor=0.25 is an oracle" in trended.refusal
    assert not any("Friedman" in note or "sweep" in note for each in pairs for note in each.notes)
    by_threshold = levels_of(values, metric="oracle_accuracy")
    trended, *pairs = by_threshold.ask(replace(question, metric="oracle_accuracy"))
    assert all(each.headline is None for each in (trended, *pairs))
    assert not any("Friedman" in note for each in pairs for note in each.notes)


def test_what_one_level_was_trained_on_is_new_to_none():
    """A level that began with other weights may have seen a generator that others have not."""
    values = {name: drawn(8, seed) for seed, name in enumerate(("0.5", "0.25", "0.125"))}
    made = levels_of(values)
    matrix = made.matrices[0]
    [row] = matrix.entries
    seen = replace(row[3], relation="before")
    made.matrices[0] = replace(matrix, entries=((*row[:3], seen, *row[4:]),))
    ranks, *_ = made.ask(Question(key="npr.factor", levels=tuple(values)))[0].notes
    assert ranks.startswith("All 3 levels over 7 test generators")


def test_a_level_that_lacks_a_seed_is_not_ranked_on_that_generator():
    values = {name: drawn(8, seed) for seed, name in enumerate(("0.5", "0.25", "0.125"))}
    values["0.25"][4, 0, 3] = np.nan
    ranks, *_ = levels_of(values).ask(Question(key="npr.factor", levels=tuple(values)))[0].notes
    assert ranks.startswith("All 3 levels over 7 test generators")
