"""A refusal in words: three parts, one full stop after each, and it travels whole."""

import pickle

import pytest

from data.refusals import LONGEST_GROUP, Problem, Refused, in_words


@pytest.mark.parametrize(
    ("why", "mend", "said"),
    [
        ("it is full", "Empty it", "a: it is full. Empty it."),
        ("it is full.", "Known: b, c.", "a: it is full. Known: b, c."),
        ("it begins with 0f...", "Give more", "a: it begins with 0f... Give more."),
    ],
)
def test_a_problem_ends_each_part_once(why, mend, said):
    assert str(Problem(what="a", why=why, mend=mend)) == said


def test_details_stand_below():
    problem = Problem(what="a", why="b", mend="c", details=("d", "e"))
    assert str(problem).splitlines() == ["a: b. c.", "    d", "    e"]


def test_what_is_to_be_done_about_several_is_said_once():
    problems = [
        Problem(what="a", why="1", mend="do"),
        Problem(what="b", why="2", mend="do other"),
        Problem(what="c", why="3", mend="do"),
        Problem(what="d", why="4", mend="do", details=("e",)),
    ]
    assert in_words(problems) == [
        "a: 1.",
        "c: 3.\n    For these 2: do.",
        "b: 2. do other.",
        "d: 4. do.\n    e",
    ]
    assert in_words(problems[:2]) == ["a: 1. do.", "b: 2. do other."]


def test_of_many_alike_the_first_are_shown_and_the_rest_counted():
    problems = [Problem(what=f"line {n}", why="1", mend="do") for n in range(598)]
    said = in_words(problems)
    assert said[:2] == ["line 0: 1.", "line 1: 1."]
    assert said[LONGEST_GROUP - 1 :] == [
        f"line {LONGEST_GROUP - 1}: 1.",
        f"... and {598 - LONGEST_GROUP} more like it\n    For these 598: do.",
    ]
    assert len(in_words(problems[:LONGEST_GROUP])) == LONGEST_GROUP


class RefusedHere(Refused):
    """A kind of its own."""


def test_a_refusal_of_its_own_kind_travels_by_pickle():
    refused = RefusedHere.because("a", "b", "c", ["d"])
    again = pickle.loads(pickle.dumps(refused))
    assert type(again) is RefusedHere
    assert again.problems == refused.problems
    assert str(again) == str(refused) == "a: b. c.\n    d"
