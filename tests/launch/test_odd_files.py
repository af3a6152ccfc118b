"""Pipes and devices where the command expects files: refused or failed at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

from data.images import DecodedCache
from grid.experiment_file.loading import load_experiment
from grid.plan.plan import make_plan, make_trials, prepare
from grid.store.opening import open_store
from grid.trial import images
from grid.trial.attempt import attempt_trial


def plan(file: Path, store: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launch", "plan", file, "--store", store],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env={**os.environ, "COLUMNS": "300"},
    )


def test_an_experiment_that_is_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    done = plan(tmp_path / "pipe.yaml", tmp_path / "store")
    assert done.returncode == 2
    assert "cannot be read (not a regular file but a named pipe)" in done.stderr


def test_weights_without_an_end_are_refused(own_run):
    (own_run.folder / "w.safetensors").symlink_to("/dev/zero")
    text = own_run.file.read_text()
    own_run.file.write_text(text + "    weights: {path: w.safetensors}\n")
    done = plan(own_run.file, own_run.store)
    assert done.returncode == 2
    assert "cannot be read (not a regular file but a device)" in done.stderr


@pytest.mark.parametrize("what", ["pipe", "endless"])
def test_one_that_takes_an_images_place_during_a_run_fails_the_trial_and_names_it(
    own_run, in_time, monkeypatch, what
):
    experiment = load_experiment(own_run.file, {"seeds": [1]})
    store = open_store(own_run.store)
    trial = make_trials(make_plan(prepare(experiment), store), store)[0]
    victim = next((own_run.folder / "images" / "g1" / "val" / "ai").iterdir())
    victim.unlink()
    monkeypatch.setattr(images, "_DECODED", DecodedCache(0))  # else it is known from the fixture
    if what == "pipe":
        os.mkfifo(victim)
    else:
        victim.symlink_to("/dev/zero")
    outcome = in_time(lambda: attempt_trial(trial.spec, lambda _: None, lambda: False))
    assert outcome.state == "failed"
    assert "NotARegularFile" in outcome.message
    assert victim.name in outcome.message
