"""The queue: every trial has its turn, parents first, wide ones are not overtaken."""

import dataclasses
import os
import signal
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.run.on_ray.missing_nodes import MissingNodes
from grid.run.run_result import RunResult, exit_code
from grid.run.schedule import MOST_LOST_NODES, Schedule
from grid.run.shares import Share, larger_share, share_of
from grid.run.stopping import ECHO_S, interruptible, stop_signals
from grid.trial.contract import GpuNeed, Trial

SHARES = [(0.25, 1.0), (0.5, 1.0), (1.0, 1.0), (2.0, 2.0), (0.0, 1.0)]
NODE = {"cpu": 8.0, "gpu": 2.0}


def trial(fit_id, gpu=0.0, cpu=1.0, **more):
    return Trial(fit_id=fit_id, label=fit_id, resources={"cpu": cpu, "gpu": gpu}, **more)


@st.composite
def grids(draw):
    n = draw(st.integers(1, 14))
    trials = []
    for i in range(n):
        gpu, cpu = draw(st.sampled_from(SHARES))
        parent = draw(st.none() | st.integers(0, i - 1)) if i else None
        trials.append(
            trial(
                f"f{i}",
                gpu,
                cpu,
                predicted_s=draw(st.none() | st.floats(1, 50)),
                waits_for=None if parent is None else f"f{parent}",
            )
        )
    order = draw(st.permutations(range(n)))
    outcomes = draw(
        st.lists(
            st.sampled_from(["done", "done", "error", "out_of_memory", "killed", "node_lost"]),
            max_size=20,
        )
    )
    return [trials[i] for i in order], outcomes, draw(st.integers(1, 3)), draw(st.integers(1, 6))


def simulate(trials, outcomes, attempts, pending):
    """A node that starts what fits, in the order issued, and lets the oldest running one end."""
    schedule = Schedule(trials, attempts=attempts, nodes=[NODE])
    outcomes = list(outcomes)
    staged, running, log = [], [], []
    for _ in range(2000):
        while len(staged) < pending and (issue := schedule.next()) is not None:
            log.append(("issue", issue))
            staged.append(issue)
        free_gpu = NODE["gpu"] - sum(i.resources["gpu"] for i in running)
        free_cpu = NODE["cpu"] - sum(i.resources["cpu"] for i in running)
        for issue in list(staged):
            if issue.resources["gpu"] <= free_gpu and issue.resources["cpu"] <= free_cpu:
                free_gpu -= issue.resources["gpu"]
                free_cpu -= issue.resources["cpu"]
                staged.remove(issue)
                running.append(issue)
                schedule.started(issue.trial.fit_id)
                log.append(("start", issue))
        if not running:
            assert not staged, "staged trials that never fit"
            break
        issue = running.pop(0)
        outcome = outcomes.pop(0) if outcomes else "done"
        log.append((outcome, issue))
        if outcome == "done":
            schedule.done(issue.trial.fit_id)
        else:
            schedule.failed(issue.trial.fit_id, outcome, "")
    return schedule, log


@given(grids())
def test_every_trial_ends_and_none_has_a_turn_too_many(grid):
    schedule, log = simulate(*grid)
    trials, _, attempts, _ = grid
    assert schedule.finished
    assert sorted(schedule.ids("done", "failed")) == sorted(t.fit_id for t in trials)
    for t in trials:
        turns = [i for event, i in log if event == "issue" and i.trial.fit_id == t.fit_id]
        ends = [e for e, i in log if e not in ("issue", "start") and i.trial.fit_id == t.fit_id]
        assert len(turns) == len(ends)  # one end per turn: suggested again only when it failed
        assert ends.count("done") <= 1
        assert "done" not in ends[:-1]
        grown = {tuple(i.resources.values()) for i in turns}
        lost_nodes = ends.count("node_lost")
        assert lost_nodes <= MOST_LOST_NODES
        assert len(turns) - lost_nodes <= attempts + len(grown) - 1
        assert [i.attempt for i in turns] == list(range(1, len(turns) + 1))


@given(grids())
def test_parents_come_before_their_children(grid):
    schedule, log = simulate(*grid)
    done_at = {i.trial.fit_id: at for at, (e, i) in enumerate(log) if e == "done"}
    for at, (event, issue) in enumerate(log):
        if event == "issue" and issue.trial.waits_for:
            assert done_at[issue.trial.waits_for] < at
    for fit_id in schedule.ids("failed"):
        for t in grid[0]:
            if t.waits_for == fit_id:
                assert t.fit_id in schedule.ids("failed")
                assert "parent" in schedule.reason(t.fit_id)


@given(grids())
def test_no_trial_of_another_class_has_a_turn_while_one_waits_for_its_start(grid):
    _, log = simulate(*grid)
    waiting = {}
    for event, issue in log:
        share = share_of(issue.resources)
        if event == "issue":
            assert all(other == share for other in waiting.values())
            waiting[issue.trial.fit_id] = share
        elif event == "start":
            del waiting[issue.trial.fit_id]


def issue_all(schedule):
    order = []
    while (issue := schedule.next()) is not None:
        schedule.started(issue.trial.fit_id)
        order.append(issue.trial.fit_id)
    return order


def test_widest_class_first_and_longest_first_within_it():
    schedule = Schedule(
        [
            trial("narrow-short", 0.25, predicted_s=1),
            trial("narrow-unknown", 0.25),
            trial("narrow-long", 0.25, predicted_s=9),
            trial("wide-short", 2, predicted_s=3),
            trial("wide-long", 2, predicted_s=4),
        ]
    )
    # Unknown counts as the longest known; equal ones keep the order given.
    assert issue_all(schedule) == [
        "wide-long", "wide-short", "narrow-unknown", "narrow-long", "narrow-short",
    ]  # fmt: skip


def test_a_short_parent_of_a_long_child_goes_first():
    schedule = Schedule(
        [
            trial("middle", predicted_s=5),
            trial("parent", predicted_s=1),
            trial("child", predicted_s=8, waits_for="parent"),
        ]
    )
    assert issue_all(schedule) == ["parent", "middle"]
    schedule.committed("parent")  # its fit is committed, its scores are not
    assert issue_all(schedule) == ["child"]


def test_a_retry_waits_behind_the_fresh_trials_of_its_class_and_is_given_up_in_the_end():
    schedule = Schedule([trial("poison", predicted_s=9), trial("good")], attempts=2)
    assert schedule.next().trial.fit_id == "poison"
    assert schedule.failed("poison", "error", "boom") == "again"
    assert schedule.next().trial.fit_id == "good"
    assert schedule.next().attempt == 2
    assert schedule.failed("poison", "error", "boom") == "given up"
    schedule.done("good")
    assert schedule.finished
    assert schedule.reason("poison") == "error: boom (attempt 2)"
    # The next run starts with a fresh budget.
    assert Schedule([trial("poison")], attempts=2).next().attempt == 1


def test_what_the_same_bytes_would_repeat_is_given_up_at_once():
    schedule = Schedule([trial("a")], attempts=3)
    schedule.next()
    assert schedule.failed("a", "unreadable", "truncated") == "given up"
    schedule = Schedule([trial("a")], attempts=3)
    schedule.next()
    assert schedule.failed("a", "diverged", "the loss is nan") == "given up"


def test_an_interrupted_attempt_counts_as_none():
    schedule = Schedule([trial("a")], attempts=1)
    for _ in range(3):
        schedule.next()
        schedule.put_back("a")
    assert not schedule.finished


def test_out_of_memory_grows_the_share_until_it_cannot():
    schedule = Schedule([trial("a", 0.25)], attempts=1, nodes=[NODE])
    shares = []
    while (issue := schedule.next()) is not None:
        shares.append(issue.resources["gpu"])
        schedule.failed("a", "out_of_memory", "")
    assert shares == [0.25, 0.5, 1.0]
    assert schedule.ids("failed") == ["a"]
    assert larger_share(Share(0.0, 1.0), [{"cpu": 3}]) == Share(0.0, 2.0)
    assert larger_share(Share(0.0, 2.0), [{"cpu": 3}]) == Share(0.0, 3.0)
    assert larger_share(Share(0.0, 3.0), [{"cpu": 3}]) is None
    assert larger_share(Share(0.25, 1.0), []) is None


def hungry(fit_id, gpu=0.25, kind="wide", **more):
    return trial(fit_id, gpu, gpu_need=GpuNeed(kind=kind), **more)


def test_what_one_trial_lacked_its_like_are_given_before_they_fail():
    schedule = Schedule(
        [
            *(hungry(f"w{i}") for i in range(4)),
            hungry("n", kind="narrow"),
            hungry("child", waits_for="w1"),
            hungry("on_the_cpu", gpu=0.0),
            trial("unknown", 0.25),
        ],
        nodes=[NODE],
    )
    first, second = schedule.next(), schedule.next()
    schedule.started(first.trial.fit_id)
    schedule.started(second.trial.fit_id)
    assert schedule.failed("w0", "out_of_memory", "") == "larger"
    schedule.done("w1")  # it was at work with the small share, and got through
    given = {}
    while (issue := schedule.next()) is not None:
        schedule.started(issue.trial.fit_id)
        given[issue.trial.fit_id] = issue.resources["gpu"]
    wide = dict.fromkeys(["w0", "w2", "w3", "child"], 0.5)
    assert given == {**wide, "n": 0.25, "on_the_cpu": 0.0, "unknown": 0.25}
    # One that fails later with the small share gets what is known by then, not more.
    assert schedule.failed("w2", "out_of_memory", "") == "larger"
    assert schedule.next().resources["gpu"] == 1.0


def test_a_late_failure_of_the_small_share_learns_from_the_earlier_one():
    schedule = Schedule([hungry("a"), hungry("b")], nodes=[NODE])
    for _ in range(2):
        schedule.started(schedule.next().trial.fit_id)
    for fit_id in ("a", "b"):
        schedule.failed(fit_id, "out_of_memory", "")
    assert [schedule.next().resources["gpu"] for _ in range(2)] == [0.5, 0.5]


def test_trials_that_wait_take_the_share_that_one_like_them_was_found_to_need():
    schedule = Schedule(
        [*(hungry(f"w{i}", 1.0) for i in range(4)), hungry("child", 1.0, waits_for="w3")],
        nodes=[NODE],
    )
    for fit_id in ("w3", "w0"):  # the chain is the longest
        assert schedule.next().trial.fit_id == fit_id
        schedule.started(fit_id)
    narrow = Share(0.25, 1.0)
    assert schedule.reshare(dict.fromkeys(["w0", "w1", "child"], narrow)) == 1
    assert schedule.share("w0") == Share(1.0, 1.0)  # at work
    assert schedule.next().trial.fit_id == "w2"  # the widest first, as ever
    schedule.started("w2")
    assert schedule.next().resources == {"cpu": 1.0, "gpu": 0.25}
    schedule.started("w1")
    schedule.done("w3")
    assert schedule.next().resources["gpu"] == 0.25
    schedule.started("child")
    for fit_id in ("w0", "w1", "w2", "child"):
        schedule.done(fit_id)
    assert schedule.finished


def test_no_more_are_handed_out_ahead_than_can_start_at_once():
    schedule = Schedule([hungry(f"w{i}", 0.5) for i in range(9)], nodes=[NODE])
    assert sum(schedule.next() is not None for _ in range(9)) == 4
    schedule.started("w0")
    assert sum(schedule.next() is not None for _ in range(9)) == 1
    cpu = Schedule([trial(f"c{i}") for i in range(20)], nodes=[NODE])
    assert sum(cpu.next() is not None for _ in range(20)) == 20  # Tune bounds these


def test_out_of_memory_on_a_whole_gpu_is_given_up_with_what_to_do():
    schedule = Schedule([hungry("a", gpu=1.0)], attempts=1, nodes=[NODE])
    schedule.next()
    assert schedule.failed("a", "out_of_memory", "CUDA out of memory") == "given up"
    assert "it had a whole GPU" in schedule.reason("a")
    assert "gpu_type" in schedule.reason("a")


def test_trials_that_no_living_node_can_take_are_said_once_a_minute():
    schedule = Schedule([trial("a", 1.0), trial("b", 1.0), trial("c")])
    now, living, said = [0.0], [{"cpu": 8.0}], []
    watch = MissingNodes(lambda: living, said.append, lambda: now[0])

    def pass_time(seconds):
        for _ in range(seconds):
            now[0] += 1.0
            watch.look(schedule)

    pass_time(60)
    assert said == []
    pass_time(20)
    assert len(said) == 1
    assert "2 for cpu: 1, gpu: 1;" in said[0]
    pass_time(60)
    assert len(said) == 2
    living.append(NODE)
    pass_time(200)
    assert len(said) == 2


def test_circles_and_twins_are_refused():
    with pytest.raises(ValueError, match="circle: a, b"):
        Schedule([trial("a", waits_for="b"), trial("b", waits_for="a"), trial("c")])
    with pytest.raises(ValueError, match="two trials for the fit a"):
        Schedule([trial("a"), trial("a")])
    with pytest.raises(ValueError, match="attempts=0"):
        Schedule([], attempts=0)


def test_exit_codes():
    clean = RunResult(done=("a",), failed={}, unfinished=())
    assert exit_code(clean) == 0
    assert exit_code(dataclasses.replace(clean, failed={"b": "boom"})) == 1
    assert exit_code(dataclasses.replace(clean, failed={"b": "boom"}, unfinished=("c",))) == 75
    assert exit_code(dataclasses.replace(clean, unfinished=("c",), store_error="full")) == 3


def test_the_first_signal_raises_a_flag_the_second_interrupts():
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGTERM)  # an echo of the same request
        assert stop()
        assert stop.reason == "SIGUSR1"
        time.sleep(ECHO_S + 0.05)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interruption_that_was_swallowed_still_stops_the_run():
    """As Python swallows one that meets a finaliser, with a remark on stderr."""
    with interruptible():
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            os.kill(os.getpid(), signal.SIGTERM)
        with stop_signals() as stop:
            assert stop()
            assert stop.reason == "SIGTERM"
    with interruptible(), stop_signals() as stop:
        assert not stop()
