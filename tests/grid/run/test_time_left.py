"""How long a run will still take, on a clock that the tests set."""

import pytest

from grid.run.time_left import TimeLeft, share_done
from grid.trial.contract import Trial, Work

NPR, CNN = Work("npr", 900, 300), Work("cnn", 900, 300)  # an amount of 1,000 each


def trial(fit_id, work=NPR, predicted_s=None):
    return Trial(fit_id=fit_id, label=fit_id, work=work, predicted_s=predicted_s)


class Scene:
    def __init__(self, *trials):
        self.now = 50.0
        self.left = TimeLeft(trials, lambda: self.now)

    def run(self, fit_id, seconds):
        self.left.started(fit_id)
        self.now += seconds
        self.left.ended(fit_id, done=True, again=False)

    def estimate(self, **shares):
        found = self.left.estimate(shares)
        return None if found is None else (pytest.approx(found.seconds), found.at_least)


def test_nothing_is_said_of_nothing():
    scene = Scene(trial("a"), trial("b"))
    assert scene.estimate() is None
    scene.left.started("a")
    assert scene.estimate(a=0.0) is None
    scene.now += 10
    assert scene.estimate(a=0.0) is None
    assert scene.estimate(a=0.01) is None


def test_a_trial_that_runs_tells_of_its_like():
    scene = Scene(trial("a"), trial("b"))
    scene.left.started("a")
    scene.now += 10
    assert scene.estimate(a=0.5) == (30.0, False)


def test_trials_that_ended_tell_of_their_like_by_the_amount_of_work():
    scene = Scene(trial("a"), trial("b", Work("npr", 1800, 600)), trial("c"))
    scene.run("a", 10)
    assert scene.estimate() == (30.0, False)
    scene.run("b", 40)  # 50 s for an amount of 3,000
    assert scene.estimate() == (50 / 3, False)


def test_a_resumed_trial_tells_only_of_what_it_did():
    scene = Scene(trial("a"), trial("b"))
    scene.left.started("a")
    scene.left.reported("a", 0.8)
    scene.now += 5
    scene.left.reported("a", 0.9)
    assert scene.estimate(a=0.9) == (55.0, False)  # a tenth in 5 s: of a and b 11 are left
    scene.now += 5
    scene.left.ended("a", done=True, again=False)
    assert scene.estimate() == (50.0, False)


def test_an_unknown_kind_makes_it_a_lower_bound():
    scene = Scene(trial("a"), trial("b"), trial("c", CNN))
    scene.run("a", 10)
    assert scene.estimate() == (10.0, True)
    scene.left.started("c")
    assert scene.estimate(c=0.0) == (10.0, True), "it runs, and has told nothing yet"
    scene.now += 1
    assert scene.estimate(c=0.5) == (10.0 + 1.0, False)


def test_a_prediction_holds_until_there_is_a_measurement():
    scene = Scene(trial("a", predicted_s=10.0), trial("b", predicted_s=10.0))
    scene.left.started("a")
    scene.now += 2
    assert scene.estimate(a=0.0) == (20.0, False)
    scene.now += 28
    scene.left.ended("a", done=True, again=False)
    assert scene.estimate() == (30.0, False)


def test_slots_share_the_rest_but_not_one_trial():
    scene = Scene(*(trial(name) for name in "abcdef"))
    scene.left.started("a")
    scene.left.started("b")
    scene.now += 10
    scene.left.ended("a", done=True, again=False)
    scene.left.ended("b", done=True, again=False)
    assert scene.estimate() == (20.0, False)  # four of 10 s on two slots
    for name in "cde":
        scene.left.started(name)
        scene.left.ended(name, done=False, again=False)
    assert scene.estimate() == (10.0, False)  # one, and no slot can help another


def test_what_fails_is_waited_for_until_it_is_given_up():
    scene = Scene(trial("a"), trial("b"))
    scene.run("a", 10)
    scene.left.started("b")
    scene.left.ended("b", done=False, again=True)
    assert scene.estimate() == (10.0, False)
    scene.left.ended("b", done=False, again=False)  # given up before it began again
    assert scene.estimate() is None


def test_the_share_of_a_trial_counts_training_and_scoring_by_their_cost():
    assert share_done({}, NPR) == 0
    assert share_done({"phase": "train", "step": 2, "steps": 4}, NPR) == pytest.approx(0.45)
    half = {"phase": "score", "pieces": 4, "pieces_done": 2}
    assert share_done(half, NPR) == pytest.approx(0.95)
    assert share_done(half, Work("npr", 0, 300)) == pytest.approx(0.5)
    assert share_done(half, Work("npr", 0, 0)) == 0


def test_a_trial_that_says_nothing_of_its_work_is_like_the_others():
    scene = Scene(trial("a", None), trial("b", None))
    scene.run("a", 10)
    assert scene.estimate() == (10.0, False)
