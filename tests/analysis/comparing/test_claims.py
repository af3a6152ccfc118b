"""Which test answers which claim, and every refusal and warning, on made-up tables."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from made_up_tables import MadeUp

from analysis.comparing import finding
from analysis.comparing.question import Question, Unanswerable, question_of, same_value
from analysis.comparing.wording import scope_words
from analysis.measuring.metric_registry import find_metric
from analysis.statistics.crossed import crossed_t
from analysis.statistics.generator_tests import sign_flip
from analysis.statistics.seed_tests import welch_t
from analysis.statistics.two_component import two_component_t
from grid.experiment_file import contrast_spec

EIGHT = [(f"g{n}", "gan" if n < 4 else "diffusion", f"g{n}") for n in range(8)]
ASKED = Question(key="detector", levels=("a", "b"))
ON_BOTH, ON_SEEDS = "this procedure on new generators", "this procedure on these generators"
ON_FILES, CROSSED = (
    "these files on new generators",
    "this procedure on new training and test generators",
)


def drawn(seeds=5, trained=1, generators=8, above=0.0, seed=0):
    """Values of one side, (seeds, training sets, generators)."""
    random = np.random.default_rng(seed)
    return 0.7 + above + 0.03 * random.standard_normal((seeds, trained, generators))


def table(a=None, b=None, **more):
    sides = {"a": drawn(above=0.05, seed=1) if a is None else a, "b": drawn() if b is None else b}
    return MadeUp(sides, **{"generators": EIGHT, **more})


def one(made, question=ASKED):
    [finding] = made.ask(question)
    return finding


def assert_is(found, expected):
    assert found is not None
    values = (found.value, found.low, found.high, found.p)
    assert values == pytest.approx((expected.value, expected.low, expected.high, expected.p))


def test_one_training_set_is_answered_by_the_two_component_t():
    a, b = drawn(above=0.05, seed=1), drawn(seeds=4)
    finding = one(table(a, b))
    assert_is(finding.headline, two_component_t(a[:, 0], b[:, 0]))
    assert finding.claim == ON_BOTH
    assert finding.p_corrected == pytest.approx(finding.headline.p)
    assert f"{100 * (a.mean() - b.mean()):+.1f} points" in finding.sentence
    assert "two-component t" in finding.sentence
    found = f"with this design: {100 * finding.detectable:.1f} points (power .8)."
    assert f"Smallest detectable difference {found}" in finding.sentence
    assert "1 training set and 5 and 4 seeds, a minus b" in finding.sentence
    assert [each.name for each in finding.differences] == [name for name, *_ in EIGHT]
    assert finding.differences[3].value == pytest.approx(a[:, 0, 3].mean() - b[:, 0, 3].mean())
    assert "a has 5 seeds and b 4." in finding.warnings


def test_several_training_sets_are_answered_by_the_crossed_t_without_their_diagonal():
    names = [name for name, *_ in EIGHT]
    a, b = drawn(trained=8, above=0.05, seed=1), drawn(trained=8)
    a[:, range(8), range(8)] = 0.99  # what was trained on is no part of it
    finding = one(table(a, b, trained=names))
    off = np.where(np.eye(8, dtype=bool), np.nan, 1.0)
    assert_is(finding.headline, crossed_t(a * off, b * off, own_column=range(8)))
    assert finding.claim == CROSSED
    assert "diagonal out" in finding.scope
    whole = one(table(a, b, trained=names), replace(ASKED, on="all"))
    assert "diagonal in" in whole.scope
    assert whole.headline.value == pytest.approx(a.mean() - b.mean())
    only = one(table(a, b, trained=names), replace(ASKED, on="trained", claim=ON_SEEDS))
    assert "diagonal only" in only.scope
    assert only.headline.value == pytest.approx(0.99 - b[:, range(8), range(8)].mean())


@pytest.mark.parametrize("side", [0, 1])
def test_what_either_side_was_trained_on_is_no_part_of_the_claim(side):
    """Weights that one side began with may have seen a generator that is new to the other."""
    a, b = drawn(above=0.05, seed=1), drawn()
    made = table(a, b)
    matrix = made.matrices[side]
    [row] = matrix.entries
    before = replace(row[3], relation="before")
    made.matrices[side] = replace(matrix, entries=((*row[:3], before, *row[4:]),))
    others = [0, 1, 2, 4, 5, 6, 7]
    assert_is(one(made).headline, two_component_t(a[:, 0, others], b[:, 0, others]))


def test_narrower_claims_have_their_own_tests():
    a, b = drawn(above=0.05, seed=1), drawn()
    of_seeds = one(table(a, b), replace(ASKED, claim=ON_SEEDS))
    assert_is(of_seeds.headline, welch_t(a.mean((1, 2)), b.mean((1, 2))))
    a2, b2 = drawn(trained=2, above=0.05, seed=1), drawn(trained=2)
    new = ~np.eye(2, 8, dtype=bool)  # each entry counts once, g0 and g1 having one each
    of_entries = one(table(a2, b2, trained=["g0", "g1"]), replace(ASKED, claim=ON_SEEDS))
    assert_is(of_entries.headline, welch_t(a2[:, new].mean(1), b2[:, new].mean(1)))
    of_files = one(table(a, b), replace(ASKED, claim=ON_FILES))
    difference = list(a.mean((0, 1)) - b.mean((0, 1)))
    assert_is(of_files.headline, sign_flip(difference))
    assert "these trained files on new generators" in of_files.sentence
    beside = {each.method for each in one(table(a, b)).others}
    assert {"Welch t over seeds", "exact sign-flip", "exact signed-rank (pseudomedian)"} <= beside


def test_one_training_set_says_nothing_of_new_ones():
    finding = one(table(), replace(ASKED, claim=CROSSED))
    assert finding.headline is None
    assert "one training set (photos) says nothing of new ones" in finding.sentence


def test_fewer_than_five_seeds_are_warned_of_with_what_could_be_found():
    finding = one(table(drawn(3, seed=1), drawn(3)))
    assert finding.headline.p is not None
    [warning] = finding.warnings
    points = f"{100 * finding.detectable:.1f} points"
    assert warning.startswith("Fewer than 5 seeds per side: only")
    assert points in warning
    assert not one(table()).warnings


def test_fewer_than_six_generators_are_shown_and_not_tested():
    finding = one(
        table(drawn(generators=5, seed=1), drawn(generators=5), generators=EIGHT[:5]),
        replace(ASKED, claim=ON_FILES),
    )
    assert finding.headline is None
    assert finding.p_corrected is None
    assert len(finding.differences) == 5
    values = drawn(generators=5, seed=1).mean() - drawn(generators=5).mean()
    assert f"is {100 * values:+.1f} points. No p-value" in finding.sentence.replace("−", "-")


@pytest.mark.parametrize("units", ["images", "cells", "seeds", "generators"])
def test_what_a_claim_varies_besides_cannot_be_the_units(units):
    finding = one(table(), replace(ASKED, units=units))
    assert finding.headline is None
    assert "independent" in finding.refusal or "do not vary" in finding.refusal
    if units != "generators":
        of_files = one(table(), replace(ASKED, claim=ON_FILES, units=units))
        assert of_files.headline is None
    assert one(table(), replace(ASKED, claim=ON_FILES, units="generators")).headline is not None


@pytest.mark.parametrize("side", ["a", "b"])
def test_an_oracle_enters_no_test(side):
    oracle = {side: {"recipe.validate_on": "test_sets"}}
    finding = one(table(settings=oracle))
    assert finding.headline is None
    assert not finding.others
    assert f"{side} is an oracle" in finding.sentence
    assert len(finding.differences) == 8


def test_other_images_under_one_name_are_refused():
    finding = one(table(pools={"a": "2"}))
    assert finding.headline is None
    assert "hold other images under one name" in finding.sentence


def test_what_is_missing_is_left_out_on_both_sides_and_named():
    a, b = drawn(above=0.05, seed=1), drawn()
    a[4] = np.nan  # a whole fit
    b[:, 0, 7] = np.nan  # a whole test set
    finding = one(table(a, b))
    assert_is(finding.headline, two_component_t(a[:4, 0, :7], b[:, 0, :7]))
    assert any("seed 4 of a" in each and "made/g7" in each for each in finding.warnings)
    [nothing] = table(a * np.nan, b).ask(ASKED)
    assert "Nothing is measured yet of both" in nothing.sentence


def test_the_share_of_fakes_moves_average_precision():
    unlike = [(50, 50, 0)] * 7 + [(50, 100, 0)]
    asked = replace(ASKED, metric="average_precision")
    made = table(metric="average_precision", counts=unlike)
    assert any("moves with the share of fakes" in each for each in one(made, asked).warnings)
    alike = table(metric="average_precision")
    assert not one(alike, asked).warnings


def test_what_comes_with_a_detector_is_told_and_what_differs_besides_is_refused():
    inputs = {"a": {"input": "crop(32)"}, "b": {"input": "crop(64)"}}
    [warning] = one(table(settings=inputs)).warnings
    assert "input (crop(32) and crop(64))" in warning
    both = {
        "a": {"detector": "npr", "npr.factor": "0.25", "augment": "hflip"},
        "b": {"detector": "npr", "npr.factor": "0.5"},
    }
    question = Question(key="npr.factor", levels=("0.25", ".5"))
    finding = one(table(settings=both), question)
    assert finding.headline is None
    assert "differ in more than npr.factor: augment" in finding.sentence


def test_every_setting_that_both_share_is_a_comparison_of_its_own():
    points = [("0.25", "none"), ("0.5", "none"), ("0.25", "hflip"), ("0.5", "hflip")]
    points.append(("0.5", "blur"))
    sides = {f"{f}{augment}": drawn(seed=n) for n, (f, augment) in enumerate(points)}
    settings = {
        f"{f}{augment}": {"detector": "npr", "npr.factor": f, "augment": augment}
        for f, augment in points
    }
    made = MadeUp(sides, generators=EIGHT, settings=settings)
    question = Question(key="npr.factor", levels=("0.25", "0.5"))
    first, second = made.ask(question)
    assert "augment=none" in first.a
    assert "augment=hflip" in second.a
    assert first.family_size == 2
    assert first.key != second.key
    assert any("having no partner: npr.factor=0.5: 0.5blur" in note for note in first.notes)
    [narrowed] = made.ask(replace(question, where={"augment": ("hflip",)}))
    assert narrowed.headline.p == pytest.approx(second.headline.p)


def test_an_option_of_one_detector_leaves_the_other_in():
    sides = {name: drawn(seed=n) for n, name in enumerate(("wide", "narrow", "plain"))}
    settings = {
        "wide": {"detector": "npr", "npr.factor": "0.25"},
        "narrow": {"detector": "npr", "npr.factor": "0.5"},
        "plain": {"detector": "simple_cnn"},
    }
    made = MadeUp(sides, generators=EIGHT, settings=settings)
    question = Question(key="detector", levels=("npr", "simple_cnn"))
    found = one(made, replace(question, where={"npr.factor": ("0.5",)}))
    expected = two_component_t(sides["narrow"][:, 0], sides["plain"][:, 0])
    assert_is(found.headline, expected)
    [other] = made.ask(
        replace(question, key="npr.factor", levels=("0.25", "0.5"), where={"detector": ("npr",)})
    )
    assert_is(other.headline, two_component_t(sides["wide"][:, 0], sides["narrow"][:, 0]))


def test_a_difference_that_is_not_found_is_not_called_none():
    same = one(table(drawn(seed=3), drawn(seed=4)))
    assert same.headline.p > 0.05
    assert "are not shown to differ" in same.sentence
    wide = one(table(drawn(seed=3), drawn(seed=4)), replace(ASKED, margin=0.2))
    assert "equal to within 20 points (TOST, p < .001)" in wide.sentence
    narrow = one(table(drawn(seed=3), drawn(seed=4)), replace(ASKED, margin=0.0001))
    assert "nor to be equal to within 0.01 points" in narrow.sentence


def test_near_copies_count_once_beside_the_headline():
    copies = [(f"g{n}", "gan", "same" if n < 3 else f"g{n}") for n in range(8)]
    finding = one(table(generators=copies))
    [merged] = [each for each in finding.others if "near copies" in each.method]
    assert merged.units.startswith("6 test generators")
    only = one(table(generators=copies), replace(ASKED, by="generator_group"))
    assert_is(only.headline, merged)


def test_words_of_earlier_versions_are_answered_in_words():
    with pytest.raises(Unanswerable, match="claim: 'npr wins' is none that this version knows"):
        question_of({"compare": {"detector": ["a", "b"]}, "claim": "npr wins"})
    with pytest.raises(Unanswerable, match="It compares 2 settings at once"):
        question_of({"compare": {"detector": ["a", "b"], "augment": ["x", "y"]}})
    with pytest.raises(Unanswerable, match="Unknown metric"):
        question_of({"compare": {"detector": ["a", "b"]}, "metric": "acu"})


def test_a_value_is_one_however_it_is_written():
    assert same_value("hflip(p=.25)", "hflip(p = 0.250)")
    assert same_value("0.5", ".50")
    assert not same_value("jpeg(75)", "jpeg(7.5)")
    assert not same_value("v1.50", "v1.5x")


@pytest.mark.parametrize(
    ("metric", "rule"),
    [
        ("auc", "no threshold"),
        ("accuracy", "threshold logit 0"),
        ("accuracy_at_fpr5_validation", "threshold from validation reals"),
        ("accuracy_at_fpr5_held_out", "threshold from reals kept apart"),
        ("tpr_at_5_fpr", "threshold from the cell's own reals"),
        ("brier", "no threshold, lower is better"),
    ],
)
def test_the_scope_names_the_rule_of_the_threshold(metric, rule):
    assert scope_words(find_metric(metric), "out") == f"macro, diagonal out, {rule}"


def test_an_oracle_metric_is_not_compared():
    asked = replace(ASKED, metric="oracle_accuracy")
    assert "picked on the test images" in one(table(metric="oracle_accuracy"), asked).refusal


def test_the_file_and_a_finding_know_the_same_claims():
    assert get_args(contrast_spec.Claim) == get_args(finding.Claim)
