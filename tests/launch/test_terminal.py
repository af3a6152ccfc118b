"""The command at a real terminal, which pipes do not show: what it draws, Ctrl-C, resuming."""

import io
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from repository import ROOT
from score_digests import digests
from terminals import CTRL_C, Terminal

from grid.experiment_file.loading import load_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.records.commits import read_commits
from grid.run.here import run_here
from grid.run.live_progress import LiveProgress
from grid.run.plain_progress import PlainProgress
from grid.run.progress import Progress
from grid.run.stopping import StopSignals, stop_signals
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial

LONGER = "arms.a.recipe.epochs"


def crossgen_at(tmp_path, *arguments, columns=80, cwd=None):
    """The command in a terminal of so many columns, with its own cache and our packages first."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CROSSGEN_CACHE": str(tmp_path / "cache")}
    for name in ("RAY_ADDRESS", "COLUMNS", "LINES", "NO_COLOR"):
        env.pop(name, None)
    command = [sys.executable, "-m", "launch", *map(str, arguments)]
    return Terminal(command, columns=columns, cwd=cwd or tmp_path, env=env)


@pytest.mark.ray
def test_a_grid_on_ray_is_drawn_stopped_by_ctrl_c_and_resumed_to_the_same_scores(own_run, tmp_path):
    store = tmp_path / "new-store"
    run = ("run", own_run.file, "--store", store, "--set", f"{LONGER}=60", "--slots", 2)
    with crossgen_at(tmp_path, *run) as terminal:
        terminal.wait_for(r"^starting Ray; 0 of 2 trials done")
        terminal.wait_for(
            r"^simple_cnn\(size=tiny\) / g/g[12] / seed 0  epoch \d+/60  \d+ images/s"
        )
        terminal.wait_for(r"^━+  0 done, 2 running of 2; \d+ images/s")
        terminal.press(CTRL_C)
        terminal.wait_for("^SIGINT: stopping; trials write their checkpoints", 10)
        assert terminal.wait() == 75
        said = terminal.lines()
        end = said.index("0 of 2 trials done, 2 left")
        assert said[end + 1 : end + 3] == ["unfinished", "run the same command to go on:"]
        assert said[end + 3].startswith("  crossgen run ")
        assert "Traceback" not in terminal.text()
        assert not re.search(r"epoch \d", terminal.text())  # the table goes, its account stays
    assert len(list(store.glob("fits/*/*/checkpoint.safetensors"))) == 2

    with crossgen_at(tmp_path, *run) as terminal:
        assert terminal.wait() == 0, terminal.text()
        lines = terminal.lines()
        done = lines.index("done")
        assert lines[done - 1] == "2 of 2 trials done"
        assert lines[done + 1] == "next:"
        assert lines[done + 2].startswith("  crossgen matrix ")
    again = open_store(store)
    attempts = {commit["attempt"] for commit in read_commits(again).values()}
    assert len(list(store.glob("fits/*/*"))) > len(attempts)  # the stopped ones were gone on with
    assert digests(again) == digests(quietly(own_run, tmp_path / "quiet", {LONGER: 60}))


@pytest.mark.ray
@pytest.mark.parametrize("after_s", [0.0, 2.0])
def test_ctrl_c_while_ray_starts_is_answered_at_once(own_run, tmp_path, after_s):
    run = ("run", own_run.file, "--store", tmp_path / "new-store")
    with crossgen_at(tmp_path, *run) as terminal:
        terminal.wait_for("^starting Ray")
        time.sleep(after_s)
        terminal.press(CTRL_C)
        terminal.wait_for("SIGINT: stopping", 10)
        assert terminal.wait(60) == 75
        assert "SIGINT; run the same command to go on" in terminal.text()
        assert "Traceback" not in terminal.text()


@pytest.mark.parametrize("columns", [80, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("plan", "FILE"), "nothing to do"),
        (("plan", "FILE", "--set", "seeds=[0, 1]"), "simple_cnn(size=tiny) / g/g2 / seed 1"),
        (("status", "FILE"), "2 test sets, 4 cells"),
        (("matrix", "FILE"), "trained on (rows) x tested on (columns)"),
        (("query", "SELECT fit_id, test_set, auc FROM cells"), "test_set"),
        (("run", "FILE"), "nothing to do"),
        (("--help",), "Experiment grids for detectors"),
    ],
)
def test_what_is_drawn_fits_the_terminal(own_run, tmp_path, arguments, shown, columns):
    """Rich marks what it cuts by an ellipsis."""
    given = [own_run.file if each == "FILE" else each for each in arguments]
    with_store = [] if arguments == ("--help",) else ["--store", own_run.store]
    with crossgen_at(tmp_path, *given, *with_store, columns=columns) as terminal:
        assert terminal.wait() == 0, terminal.text()
        assert shown in terminal.text()
        assert "\N{HORIZONTAL ELLIPSIS}" not in terminal.text()
        assert "Traceback" not in terminal.text()


def test_nothing_of_the_driver_travels_in_what_tune_pickles():
    """Else it fails where a terminal is drawn on, and only there; and it would be as large."""
    program = ROOT / "tests" / "support" / "pickled_by_tune.py"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, program], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    size, *kept_of_a_trial = done.stdout.split()
    assert int(size) < 200
    # In several copies, until the run ends.
    assert kept_of_a_trial == ["fit_id", "not_on", "resources"]


def test_what_belongs_to_the_driver_refuses_to_be_pickled():
    live = LiveProgress(io.StringIO())
    for ours in (live, StopSignals(), PlainProgress(io.StringIO(), 1.0), Progress()):
        with pytest.raises(TypeError, match="belongs to the process that drives the run"):
            pickle.dumps(ours)


@pytest.mark.parametrize("make", [LiveProgress, lambda stream: PlainProgress(stream, 60.0)])
def test_a_signal_in_the_midst_of_writing_is_acknowledged_after_it(make):
    """A stream that is being written to bears no second writer, and a display neither."""

    class Interrupted(io.StringIO):
        entered = False
        interrupts = False

        def write(self, text):
            if self.entered:
                raise RuntimeError("reentrant call inside <_io.BufferedWriter>")
            self.entered = True
            if self.interrupts:
                self.interrupts = False
                signal.raise_signal(signal.SIGINT)
            self.entered = False
            return super().write(text)

    screen = Interrupted()
    progress = make(screen)
    with stop_signals() as stop:
        stop.tell(lambda reason: progress.note(f"{reason} was heard"))
        screen.interrupts = True
        progress.note("before")
        assert stop.reason == "SIGINT"
        progress.tick()
    said = screen.getvalue()
    assert said.index("before") < said.index("SIGINT was heard")
    assert said.count("SIGINT was heard") == 1


def quietly(run, folder, changes):
    """The same experiment in this process, undisturbed; its store."""
    store = open_store(folder)
    experiment = load_experiment(run.file, changes)
    expansion = prepare(experiment, cache_dir=folder.with_name("cache"))
    trials = make_trials(make_plan(expansion, store), store)
    run_here(trials, attempt=attempt_trial, is_done=partial(is_done, store), progress=Progress())
    return store


def test_a_moving_line_is_gone_before_the_doctor_prints_below_it(tmp_path):
    with crossgen_at(tmp_path, "doctor", columns=200) as terminal:
        assert terminal.wait() in (0, 1), terminal.text()
        title, *lines = (line for line in terminal.lines() if line and not line.startswith(" "))
        assert title == "this machine"
        assert lines[-1].startswith(f"{len(lines) - 1} checks: ")
        for line in lines[:-1]:
            assert re.match(r"(ok|warning|problem) +\w", line), line
