"""A refusal in words: three parts, one full stop after each, and it travels whole."""

import pickle

import pytest

from data.refusals import Problem, Refused


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


class RefusedHere(Refused):
    """A kind of its own."""


def test_a_refusal_of_its_own_kind_travels_by_pickle():
    refused = RefusedHere.because("a", "b", "c", ["d"])
    again = pickle.loads(pickle.dumps(refused))
    assert type(again) is RefusedHere
    assert again.problems == refused.problems
    assert str(again) == str(refused) == "a: b. c.\n    d"
