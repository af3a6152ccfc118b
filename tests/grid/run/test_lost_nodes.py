"""A node that goes is no trial's fault, unless the trial goes nowhere and its nodes keep ending."""

from types import SimpleNamespace

from grid.run.books import Run
from grid.run.progress import Progress
from grid.run.run_options import RunOptions
from grid.run.schedule import MOST_LOST_NODES, Schedule
from grid.run.stopping import StopSignals
from grid.trial.contract import Trial

TRIALS = [Trial(fit_id="a", label="a"), Trial(fit_id="b", label="b")]


def run_of_one_attempt():
    return Run(
        TRIALS,
        is_done=lambda _: False,
        is_committed=None,
        options=RunOptions(attempts=1),
        progress=Progress(),
        stop=StopSignals(),
    )


def lose_node(run, fit_id="a"):
    issue = run.next()
    assert issue.trial.fit_id == fit_id
    run.started(fit_id)
    run.failed(fit_id, "node_lost", "its node is gone")


def test_lost_nodes_use_up_no_attempt_and_cost_no_place_in_the_queue():
    run = run_of_one_attempt()
    for _ in range(MOST_LOST_NODES - 1):
        lose_node(run)
    assert run.next().trial.fit_id == "a"
    run.started("a")
    run.ended("a", SimpleNamespace(state="failed", kind="error", message="boom"))
    assert run.schedule.ids("failed") == ["a"]


def test_a_trial_that_gets_further_each_time_may_lose_any_number_of_nodes():
    run = run_of_one_attempt()
    places = [{"phase": "train", "epoch": n + 1} for n in range(3 * MOST_LOST_NODES)]
    places += [{"phase": "score", "pieces_done": n} for n in range(3 * MOST_LOST_NODES)]
    for place in places:
        issue = run.next()
        run.started(issue.trial.fit_id)
        run.reported("a", place)
        run.failed("a", "node_lost", "its node is gone")
    assert run.next().trial.fit_id == "a"


def test_a_trial_that_ends_its_nodes_is_given_up_and_the_others_go_on():
    run = run_of_one_attempt()
    for _ in range(MOST_LOST_NODES):
        run.next()
        run.started("a")
        run.reported("a", {"phase": "train", "epoch": 3})
        run.failed("a", "node_lost", "its node is gone")
    assert run.schedule.ids("failed") == ["a"]
    assert "the trial may be what ends them" in run.schedule.reason("a")
    assert run.next().trial.fit_id == "b"


def test_lost_nodes_and_failures_are_counted_apart():
    schedule = Schedule(TRIALS[:1], attempts=2)
    for kind in ["node_lost", "error", *["node_lost"] * (MOST_LOST_NODES - 2)]:
        schedule.next()
        assert schedule.failed("a", kind, "") == "again"
    schedule.next()
    assert schedule.failed("a", "error", "") == "given up"
