"""p-values of several findings: corrected together, family by family, and what is then said."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_tables import MadeUp

from analysis.comparing.question import Question
from analysis.statistics.corrections import benjamini_hochberg, holm

ASKED = Question(key="detector", levels=("a", "b"))
ON_SEEDS, ON_FILES, CROSSED = (
    "this procedure on these generators",
    "these files on new generators",
    "this procedure on new training and test generators",
)


def drawn(seed, above=0.0):
    """Values of one side, (seeds, training sets, generators)."""
    return 0.7 + above + 0.03 * np.random.default_rng(seed).standard_normal((5, 1, 8))


def table(a=None, b=None):
    sides = {"a": drawn(1, above=0.05) if a is None else a, "b": drawn(0) if b is None else b}
    return MadeUp(sides, generators=[f"g{n}" for n in range(8)])


def test_p_values_are_corrected_over_all_that_is_declared():
    made = table()
    others = [replace(ASKED, claim=claim) for claim in (ON_SEEDS, ON_FILES, CROSSED)]
    findings = made.ask(ASKED, *others)
    tested = [each.headline.p for each in findings if each.headline is not None]
    assert len(tested) == 3
    expected = holm(tested, 4)  # the refused one was declared, too
    assert [f.p_corrected for f in findings if f.headline] == pytest.approx(list(expected))
    assert {each.family_size for each in findings} == {4}
    assert "4 comparisons, correction Holm" in findings[0].sentence
    screened = made.ask(*(replace(each, correction="bh") for each in (ASKED, *others)))
    found = [each.p_corrected for each in screened if each.headline]
    assert found == pytest.approx(list(benjamini_hochberg(tested, 4)))


def test_screened_and_claimed_comparisons_are_two_families():
    made = table()
    claimed, screened = made.ask(ASKED, replace(ASKED, claim=ON_SEEDS, correction="bh"))
    assert (claimed.family_size, screened.family_size) == (1, 1)
    assert claimed.p_corrected == pytest.approx(claimed.headline.p)


def test_the_verdict_is_that_of_the_corrected_p():
    a, b = drawn(1, above=0.04), drawn(0)
    alone = table(a, b).ask(ASKED)[0]
    half = alone.headline.value - alone.headline.low
    made = table(a - alone.headline.value + 1.2 * half, b)
    found = made.ask(*[ASKED] * 20)[0]
    assert found.headline.p < 0.05 < found.p_corrected
    assert "are not shown to differ" in found.sentence
    assert "not shown" not in made.ask(ASKED)[0].sentence
