"""The loop without Ray, with attempts that really write to a folder."""

import io
import os
import re
import signal
from types import SimpleNamespace

import pytest

from grid.durations import duration
from grid.run.display import progress_on
from grid.run.here import run_here
from grid.run.plain_progress import PlainProgress
from grid.run.progress import position
from grid.run.run_options import RunOptions
from grid.run.run_result import exit_code
from grid.store.errors import StoreUnwritable
from grid.store.patience import Patience
from grid.trial.contract import Trial, Work


def trials_in(store, *fit_ids, **more):
    return [
        Trial(fit_id=f, label=f"label {f}", spec={"store": str(store), "fit_id": f}, **more)
        for f in fit_ids
    ]


def outcome(state, kind="", message=""):
    return SimpleNamespace(state=state, kind=kind, message=message)


def write(spec, report, stop):
    folder = os.path.join(spec["store"], spec["fit_id"])  # noqa: PTH118
    with open(folder, "x") as file:  # noqa: PTH123
        file.write("done")
    return outcome("done")


@pytest.fixture
def here(tmp_path):
    def go(trials, attempt, **more):
        log = io.StringIO()
        result = run_here(
            trials,
            attempt=attempt,
            is_done=lambda trial: (tmp_path / trial.fit_id).exists(),
            progress=PlainProgress(log, 60.0),
            **more,
        )
        result_log = log.getvalue()
        return result, result_log

    return go


def test_all_run_and_the_store_says_so(tmp_path, here):
    result, log = here(trials_in(tmp_path, "a", "b"), write)
    assert result.done == ("a", "b")
    assert exit_code(result) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"a", "b"}
    assert "done: label b (2 done, 0 running of 2)" in log


def test_no_trials_are_no_work(here):
    result, _ = here([], write)
    assert exit_code(result) == 0


def test_a_poison_trial_is_given_up_and_the_others_finish(tmp_path, here):
    turns = []

    def attempt(spec, report, stop):
        turns.append(spec["fit_id"])
        if spec["fit_id"] == "bad":
            return outcome("failed", "error", "boom")
        return write(spec, report, stop)

    trials = [
        *trials_in(tmp_path, "bad", "b"),
        *trials_in(tmp_path, "orphan", waits_for="bad"),
        *trials_in(tmp_path, "grandchild", waits_for="orphan"),
    ]
    result, log = here(trials, attempt, options=RunOptions(attempts=2))
    assert turns == ["bad", "b", "bad"]
    assert result.done == ("b",)
    assert set(result.failed) == {"bad", "orphan", "grandchild"}
    assert exit_code(result) == 1
    assert "FAILED, given up: label bad: error: boom (attempt 2)" in log
    assert "label orphan: parent: bad failed" in log
    assert "label grandchild: parent: orphan failed" in log
    assert "1 done, 0 running, 3 failed of 4" in log


def test_what_an_attempt_says_does_not_count_without_the_store(tmp_path, here):
    result, _ = here(trials_in(tmp_path, "a"), lambda *_: outcome("done"))
    assert "store is not complete" in result.failed["a"]


def test_what_the_store_has_counts_whatever_the_attempt_says(tmp_path, here):
    def attempt(spec, report, stop):
        write(spec, report, stop)
        return outcome("failed", "error", "after the last piece")

    assert exit_code(here(trials_in(tmp_path, "a"), attempt)[0]) == 0


def test_a_store_that_cannot_be_written_stops_everything_and_blames_no_trial(tmp_path, here):
    result, _ = here(
        trials_in(tmp_path, "a", "b"),
        lambda *_: outcome("store", "store", "disk full"),
        options=RunOptions(attempts=1),
    )
    assert result.store_error == "disk full"
    assert result.failed == {}
    assert result.unfinished == ("a", "b")
    assert exit_code(result) == 3


def test_a_store_that_cannot_be_read_does_too(tmp_path):
    def unreadable(trial):
        raise PermissionError("no entry")

    result = run_here(
        trials_in(tmp_path, "a", "b"),
        attempt=write,
        is_done=unreadable,
        progress=PlainProgress(io.StringIO(), 60.0),
    )
    assert exit_code(result) == 3
    assert "PermissionError: no entry" in result.store_error


def full():
    return StoreUnwritable("full; free space", passing="full")


def test_the_run_itself_waits_and_says_so_once(tmp_path, monkeypatch):
    monkeypatch.setattr("grid.store.patience.FIRST_PAUSE_S", 0.01)
    patience = Patience(60.0)
    outages = iter([full(), full()])

    def asked(trial):
        for outage in outages:
            raise outage
        return True

    log = io.StringIO()
    result = run_here(
        trials_in(tmp_path, "a", "b"),
        attempt=write,
        is_done=lambda trial: patience(lambda: asked(trial)),
        progress=PlainProgress(log, 60.0),
        patience=patience,
    )
    assert exit_code(result) == 0
    assert log.getvalue().count("full, seen by ") == 1
    assert log.getvalue().count("the store answers again after 0.0 s: going on") == 1


def test_a_trials_outage_is_said_once_and_shown_as_waiting(tmp_path, here):
    def attempt(spec, report, stop):
        report({"phase": "train", "epoch": 1, "epochs": 2})
        report({"phase": "waits", "outage": "the store is full"})
        report({"phase": "goes on", "outage": ""})
        return write(spec, report, stop)

    _, log = here(trials_in(tmp_path, "a"), attempt, options=RunOptions(heartbeat_s=0.0))
    assert log.count("the store is full") == 1
    assert log.count("going on") == 1
    assert position({"epochs": 2, "outage": "full"}) == "waiting for the store"
    assert position({"epochs": 2, "epoch": 1, "outage": ""}) == "epoch 1/2"


@pytest.mark.parametrize(("passing", "code"), [("full", 75), ("", 3)])
def test_a_stop_while_the_run_waits_is_a_stop_unless_waiting_is_no_help(tmp_path, passing, code):
    def gone(trial):
        os.kill(os.getpid(), signal.SIGTERM)
        raise StoreUnwritable("full; free space", passing=passing)

    result = run_here(
        trials_in(tmp_path, "a", "b"),
        attempt=write,
        is_done=gone,
        progress=PlainProgress(io.StringIO(), 60.0),
    )
    assert exit_code(result) == code
    assert set(result.unfinished) == {"a", "b"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_stops_at_the_next_look_and_a_second_run_finishes(tmp_path, here, number):
    def attempt(spec, report, stop):
        for _ in range(100):
            if stop():
                (tmp_path / f"{spec['fit_id']}.checkpoint").touch()
                return outcome("stopped")
            os.kill(os.getpid(), number)
        raise AssertionError("never stopped")

    result, _ = here(trials_in(tmp_path, "a", "b"), attempt)
    assert result.unfinished == ("a", "b")
    assert result.stopped_by == number.name
    assert exit_code(result) == 75
    assert (tmp_path / "a.checkpoint").exists()
    assert exit_code(here(trials_in(tmp_path, "a", "b"), write)[0]) == 0


def test_a_process_whose_gpu_is_broken_runs_no_further_trial(tmp_path, here):
    message = "CUDA error: device-side assert triggered"
    result, _ = here(trials_in(tmp_path, "a", "b"), lambda *_: outcome("failed", "device", message))
    assert result.unfinished == ("a", "b")
    assert exit_code(result) == 75


def test_the_second_signal_does_not_wait_for_the_trial(tmp_path, here):
    def attempt(spec, report, stop):
        import time

        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.6)
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("went on after the second signal")

    assert exit_code(here(trials_in(tmp_path, "a"), attempt)[0]) == 75


@pytest.mark.parametrize("told", [True, False])
def test_a_child_goes_once_its_parent_is_committed_though_its_scores_are_not(tmp_path, here, told):
    """Whether the parent came to tell that it scores, or failed before."""
    order = []

    def attempt(spec, report, stop):
        order.append(spec["fit_id"])
        if spec["fit_id"] == "parent" and "parent" not in order[:-1]:
            if told:
                report({"phase": "score", "pieces": 2, "pieces_done": 0})
            return outcome("failed", "error", "a test set went away")
        return write(spec, report, stop)

    trials = [
        *trials_in(tmp_path, "child", waits_for="parent"),
        *trials_in(tmp_path, "parent"),
    ]
    result, _ = here(
        trials, attempt, is_committed=lambda fit_id: True, options=RunOptions(attempts=1)
    )
    assert order == ["parent", "child"]
    assert result.done == ("child",)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_lines_a_heartbeat_and_the_time_left(tmp_path):
    clock, log = Clock(), io.StringIO()
    progress = PlainProgress(log, 60.0, clock)
    progress.begin(trials_in(tmp_path, "a", "b", work=Work("npr", 900, 300)))
    progress.started("a")
    progress.reported("a", {"phase": "train", "epoch": 1, "epochs": 8, "step": 0, "steps": 9})
    clock.now += 30
    progress.reported(
        "a",
        {"phase": "train", "epoch": 4, "epochs": 8, "step": 5, "steps": 9, "images_per_s": 200.0},
    )
    assert log.getvalue().count("\n") == 1
    clock.now += 30
    progress.tick()
    line = log.getvalue().splitlines()[-1]
    # 5 of 9 steps of .9 of one of two equal trials in 60 s: .5 of 2 -> 180 s left
    assert line.endswith(
        "0 done, 1 running of 2; 200 images/s; about 3 min left [label a: epoch 4/8]"
    )
    progress.tick()
    assert log.getvalue().splitlines()[-1] == line
    progress.ended("a", "done", "")
    assert "; about 60 s left" in log.getvalue().splitlines()[-1]
    assert re.match(r"\d\d:\d\d:\d\d done: label a", log.getvalue().splitlines()[-1])


def test_the_speed_of_training_is_not_told_of_scoring(tmp_path):
    progress = PlainProgress(io.StringIO(), 60.0)
    progress.begin(trials_in(tmp_path, "a"))
    progress.started("a")
    progress.reported("a", {"phase": "train", "epoch": 8, "epochs": 8, "images_per_s": 200.0})
    progress.reported("a", {"phase": "score", "pieces_done": 0, "pieces": 4})
    assert progress.images_per_s() == 0
    assert "images/s" not in progress.summary()


def test_a_terminal_gets_a_live_table(tmp_path):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    with progress_on(screen) as progress:
        progress.begin(trials_in(tmp_path, "a", "b"))
        progress.started("a")
        progress.reported("a", {"phase": "train", "epoch": 3, "epochs": 8, "images_per_s": 12.0})
        progress.ended("b", "given up", "error: boom")
    shown = screen.getvalue()
    assert "epoch 3/8" in shown
    assert "12 images/s" in shown
    assert "FAILED, given up: label b: error: boom" in shown
    assert "0 done, 1 running, 1 failed of 2" in shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0.0 s"),
        (4.56, "4.6 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (45, "45 s"),
        (99.4, "99 s"),
        (119, "2 min"),
        (720, "12 min"),
        (5990, "100 min"),
        (6001, "1.7 h"),
        (12600, "3.5 h"),
    ],
)
def test_durations(seconds, said):
    assert duration(seconds) == said
