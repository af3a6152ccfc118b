"""`crossgen status --watch`: what it sees, by its own clock, and what it says."""

import os

import pytest
from made_runs import a_run

from grid.records.failures import failure_of, write_failure
from grid.records.runs import write_run
from grid.store.opening import open_store
from launch.desk import open_desk
from launch.watch_status import drawn, in_a_line
from launch.watched_experiment import SILENT_S, WatchedExperiment

TRIAL = {"fit_id": "f", "label": "npr on g1", "phase": "train", "epoch": 2, "epochs": 5}
RUNNING = [{**TRIAL, "pieces_done": 0, "pieces": 0}]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(own_run):
    return open_desk(own_run.file, store=str(own_run.store), changes=[("seeds", "[0, 1]")])


@pytest.fixture
def watched(desk, clock):
    return WatchedExperiment(desk, clock)


def a_record(desk, run, **changed):
    return a_run(run, experiment=desk.plan.record["name"], host="node1", **changed)


def shown(capsys, sight, width=80):
    from rich.console import Console

    console = Console(width=width, force_terminal=False)
    console.print(drawn("two", "/store", sight, width, 24))
    return capsys.readouterr().out


def test_it_counts_what_gets_done_while_it_looks(watched, crossgen, own_run):
    sight = watched.look()
    assert (sight.done, sight.total) == (2, 4)
    assert in_a_line(sight) == "2 of 4 trials done, no run at work"
    more = ("--set", "seeds=[0, 1]", "--no-ray")
    assert crossgen("run", own_run.file, "--store", own_run.store, *more)[0] == 0
    sight = watched.look()
    assert (sight.done, sight.runs) == (4, [])
    assert in_a_line(sight).startswith("4 of 4 trials done, ")
    assert in_a_line(sight).endswith("CPU-hours")


def test_a_trained_fit_of_which_a_piece_is_missing_is_not_done(desk, clock, own_run):
    store = open_store(own_run.store)
    victim = store.list("scores/")[0]
    store.delete(victim)
    fresh = open_desk(own_run.file, store=store.url)
    assert WatchedExperiment(fresh, clock).look().done == 1


def test_a_run_is_heard_of_when_its_counter_moves(watched, desk, clock, capsys):
    record = a_record(desk, "a", running=RUNNING, job="slurm:7_2", task="2/8", left_s=600.0)
    write_run(desk.store, record)
    watched.look()
    clock.now += 70
    [seen] = watched.look().runs
    assert 70 <= seen.heard_s < SILENT_S  # and what passed between writing and the first look
    write_run(desk.store, {**record, "counter": 1})
    sight = watched.look()
    assert sight.runs[0].heard_s == 0
    said = "2 of 4 trials done, 1 at work in 1 run, 0.5 CPU-hours, about 10 min left"
    assert in_a_line(sight) == said
    out = shown(capsys, sight)
    assert "node1 slurm:7_2 2/8" in out
    assert "npr on g1   epoch 2/5" in out
    assert max(map(len, out.splitlines())) <= 80
    clock.now += SILENT_S + 1
    sight = watched.look()
    assert in_a_line(sight) == "2 of 4 trials done, no run at work, 0.5 CPU-hours"
    assert "may have been killed" in shown(capsys, sight)


def test_what_lay_there_for_long_is_silent_at_first_sight(watched, desk):
    write_run(desk.store, a_record(desk, "a"))
    path = desk.store.local_path("runs/a.json")
    os.utime(path, (path.stat().st_mtime - 3600,) * 2)
    assert watched.look().runs[0].is_silent


def test_runs_that_ended_and_those_of_other_experiments_are_not_at_work(watched, desk):
    write_run(desk.store, a_record(desk, "a", exit_code=0, gpu_hours=1.0))
    write_run(desk.store, a_run("b", experiment="other", gpu_hours=5.0))
    for _ in range(2):  # what has ended is read once and counted always
        sight = watched.look()
        assert sight.runs == []
        assert sight.hours["gpu"] == 1.0


def test_tasks_of_an_array_share_what_is_left(watched, desk):
    write_run(desk.store, a_record(desk, "a", task="0/2", left_s=600.0))
    write_run(desk.store, a_record(desk, "b", task="1/2", left_s=590.0))
    assert watched.look().left_s == pytest.approx(300, abs=30)
    write_run(desk.store, a_record(desk, "c", left_s=500.0))
    assert watched.look().left_s == pytest.approx(500, abs=60)


def test_failures_of_its_fits_are_counted_and_the_last_is_said(watched, desk, capsys):
    fit = desk.plan.fits[0].fit
    for fit_id in (fit.fit_id, "another-fit"):
        write_failure(
            desk.store, failure_of(ValueError("no [such] image"), fit_id=fit_id, attempt="x")
        )
    sight = watched.look()
    assert sight.failures == 1
    assert "1 failed attempt" in in_a_line(sight)
    assert "ValueError: no [such] image" in shown(capsys, sight, 200)


def test_through_a_pipe_it_says_a_line_and_ends_when_all_is_done(crossgen, own_run):
    code, out, _ = crossgen("status", own_run.file, "--store", own_run.store, "--watch")
    assert code == 0
    [line] = out.splitlines()
    assert line[9:] == "2 of 2 trials done"


def test_through_a_pipe_it_says_a_line_per_change_until_ctrl_c(crossgen, own_run, monkeypatch):
    looks = iter(["nothing", "nothing", "a failure", "nothing"])
    store = open_store(own_run.store)
    desk = open_desk(own_run.file, store=store.url, changes=[("seeds", "[0, 1]")])

    def sleep(seconds):
        assert seconds == 0.5
        what = next(looks, None)
        if what is None:
            raise KeyboardInterrupt
        if what == "a failure":
            fit_id = desk.plan.fits[0].fit.fit_id
            write_failure(store, failure_of(None, fit_id=fit_id, attempt="x", message="no"))

    monkeypatch.setattr("launch.watch_status.time.sleep", sleep)
    arguments = ("--store", store.url, "--set", "seeds=[0, 1]", "--watch", "--every", "0.5")
    code, out, _ = crossgen("status", own_run.file, *arguments)
    assert code == 0
    assert [line[9:] for line in out.splitlines()] == [
        "2 of 4 trials done, no run at work",
        "2 of 4 trials done, no run at work, 1 failed attempt",
    ]


def test_a_store_that_cannot_be_read_for_a_while_is_looked_at_again(crossgen, own_run, monkeypatch):
    from grid.store.errors import StoreError

    look, times = WatchedExperiment.look, []

    def failing(self):
        times.append(1)
        if len(times) == 1:
            raise StoreError("stale file handle")
        return look(self)

    monkeypatch.setattr(WatchedExperiment, "look", failing)
    monkeypatch.setattr("launch.watch_status.time.sleep", lambda seconds: None)
    code, out, _ = crossgen("status", own_run.file, "--store", own_run.store, "--watch")
    assert code == 0
    assert "stale file handle" in out.splitlines()[0]
    assert out.splitlines()[1].endswith("2 of 2 trials done")
