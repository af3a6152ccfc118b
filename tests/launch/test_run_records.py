"""A run is on record in its store: while it goes on, at its end, and when it was killed."""

import json
import time

import pytest

from grid.records.runs import read_runs
from grid.refusal import Refused
from grid.run.run_account import RunAccount
from grid.store.errors import StoreUnwritable
from grid.store.opening import open_store
from launch.current_job import current_job
from launch.run_recording import RunRecording


def run_again(crossgen, own_run, *more):
    return crossgen("run", own_run.file, "--store", own_run.store, "--no-ray", *more)


def test_a_run_leaves_its_record_and_one_with_nothing_to_do_none(crossgen, own_run):
    store = open_store(own_run.store)
    assert run_again(crossgen, own_run)[0] == 0
    assert read_runs(store) == []
    assert run_again(crossgen, own_run, "--set", "seeds=[1]")[0] == 0
    [run] = read_runs(store)
    assert (run["total"], run["done"], run["failed"], run["unfinished"]) == (2, 2, 0, 0)
    assert (run["exit_code"], run["stopped_by"], run["running"]) == (0, "", [])
    assert run["ended"] is not None
    assert run["cpu_hours"] > 0
    assert run["gpu_hours"] == run["failed_cpu_hours"] == 0


def test_a_job_with_nothing_to_do_is_on_record_all_the_same(crossgen, own_run, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert run_again(crossgen, own_run)[0] == 0
    [run] = read_runs(open_store(own_run.store))
    assert (run["job"], run["total"], run["exit_code"]) == ("slurm:17", 0, 0)


def test_a_store_that_takes_no_record_fails_no_run(crossgen, own_run):
    (own_run.store / "runs").write_text("in the way")
    code, _, err = run_again(crossgen, own_run, "--set", "seeds=[1]")
    assert code == 0, err


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def test_it_says_what_runs_and_its_counter_moves(store):
    account = RunAccount()
    with RunRecording(store, "e", account, every_s=0.02) as recording:
        account.begin(2)
        account.started("f", "label", (0.0, 1.0))
        account.reported("f", {"phase": "train", "epoch": 1, "epochs": 3, "images_per_s": 5.0})
        first = wait_for(lambda: [r for r in read_runs(store) if r["running"]])[0]
        assert first["running"] == [
            {"fit_id": "f", "label": "label", "phase": "train", "epoch": 1, "epochs": 3}
            | {"pieces_done": 0, "pieces": 0}
        ]
        assert first["exit_code"] is None
        wait_for(lambda: read_runs(store)[0]["counter"] > first["counter"] + 1)
        recording.close(0)
    [run] = read_runs(store)
    assert (run["exit_code"], run["unfinished"], run["running"]) == (0, 2, [])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt("SIGTERM"), 75),
        (Refused.because("a", "b", "c"), 2),
        (StoreUnwritable("full"), 3),
        (ZeroDivisionError(), 1),
    ],
)
def test_an_exception_ends_the_record_as_it_ends_the_command(store, error, code):
    with pytest.raises(type(error)), RunRecording(store, "e", RunAccount()):
        raise error
    [run] = read_runs(store)
    assert run["exit_code"] == code
    assert run["stopped_by"] == ("SIGTERM" if code == 75 else "")


def test_what_was_said_of_the_end_first_stands(store):
    with RunRecording(store, "e", RunAccount()) as recording:
        recording.close(75, "SIGUSR1")
        recording.close(0)
    assert read_runs(store)[0]["exit_code"] == 75


def test_jobs_are_called_by_what_started_them():
    described = json.dumps({"metadata": {"job_submission_id": "raysubmit_x"}})
    slurm = {"SLURM_JOB_ID": "9"}
    array = slurm | {"SLURM_ARRAY_JOB_ID": "8", "SLURM_ARRAY_TASK_ID": "3"}
    assert current_job({}) == ""
    assert current_job(slurm) == "slurm:9"
    assert current_job(array) == "slurm:8_3"
    assert current_job(array | {"RAY_JOB_CONFIG_JSON_ENV_VAR": described}) == "ray:raysubmit_x"
    assert current_job(slurm | {"RAY_JOB_CONFIG_JSON_ENV_VAR": "{}"}) == "slurm:9"


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come to that")
