"""Array tasks as real processes on one store: shared work, a killed one, two who claim at once."""

import os
import signal
import subprocess
import sys
import time

import pytest
from repository import ROOT
from score_digests import digests

from grid.records.attempts import begun_fits
from grid.records.commits import committed_fits
from grid.records.runs import read_runs
from grid.store.opening import open_store

pytestmark = pytest.mark.slow

FITS = 6


@pytest.fixture(scope="module")
def experiment(tmp_path_factory, make_genimage):
    folder = tmp_path_factory.mktemp("array")
    make_genimage(folder / "images", {"g1": 1, "g2": 2})
    file = folder / "array.yaml"
    file.write_text(
        """
schema: 1
name: array
data: {g: {root: images}}
test: {sets: [g], degradations: [none]}
seeds: [0, 1, 2]
arms:
  - {name: a, detector: simple_cnn, simple_cnn.size: tiny, train: {each: g},
     input: {train: "random_crop(16, step=2) | hflip", test: none},
     recipe: {base: small, epochs: 20, batch_size: 8}}
"""
    )
    return file


@pytest.fixture(scope="module")
def start(experiment, tmp_path_factory):
    """Return a function that starts `crossgen run` on a store, without Ray; none outlives it."""
    started = []
    cache = tmp_path_factory.mktemp("cache")

    def run(store, *more):
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "launch", "run", str(experiment), "--no-ray"),
                *("--store", store.url, *map(str, more)),
            ],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
            | {"CROSSGEN_CACHE": str(cache)},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def expected(start, tmp_path_factory):
    """Return the digests of a quiet run."""
    store = open_store(tmp_path_factory.mktemp("quiet"))
    ended(start(store))
    return digests(store)


def ended(process, code=0):
    said, _ = process.communicate(timeout=300)
    assert process.returncode == code, said
    return said


def attempts(store):
    """By committed fit, the attempts that left something: training twice would leave two."""
    return {
        fit_id: len({key.split("/")[2] for key in store.list(f"fits/{fit_id}/")})
        for fit_id in committed_fits(store)
    }


def test_three_tasks_share_the_work_and_each_fit_is_trained_once(start, expected, tmp_path):
    store = open_store(tmp_path / "store")
    tasks = [start(store, "--task", f"{n}/3") for n in range(3)]
    for task in tasks:
        ended(task)
    assert digests(store) == expected
    assert attempts(store) == dict.fromkeys(committed_fits(store), 1)
    assert len(committed_fits(store)) == FITS
    assert store.list("claims/") == []


def test_what_a_killed_task_had_in_hand_is_taken_over(start, expected, tmp_path):
    store = open_store(tmp_path / "store")
    lost = start(store, "--task", "0/2", "--stale-after", 3)
    wait_for(lambda: begun_fits(store))
    [(in_hand, _)] = begun_fits(store).items()
    os.kill(lost.pid, signal.SIGKILL)
    lost.communicate()
    [claim] = store.list(f"claims/{in_hand}/")
    ended(start(store, "--task", "1/2", "--stale-after", 3))
    assert digests(store) == expected
    assert len(committed_fits(store)) == FITS
    killed, survivor = sorted(read_runs(store), key=lambda record: record["done"])
    assert claim.endswith(f"/{killed['run']}.json")
    assert (killed["exit_code"], survivor["exit_code"]) == (None, 0)


def test_two_who_work_on_one_fit_at_once_do_no_harm(start, expected, tmp_path):
    """With 0 s every claim is stale at once, so both take the same trials."""
    store = open_store(tmp_path / "store")
    tasks = [start(store, "--task", "0/1", "--stale-after", 0) for _ in range(2)]
    for task in tasks:
        ended(task)
    assert digests(store) == expected
    assert attempts(store) == dict.fromkeys(committed_fits(store), 1)


def test_a_stopped_task_gives_its_claim_back_and_asks_to_be_run_again(start, expected, tmp_path):
    store = open_store(tmp_path / "store")
    task = start(store, "--task", "0/2")
    wait_for(lambda: begun_fits(store))
    task.send_signal(signal.SIGUSR1)
    ended(task, 75)
    assert store.list("claims/") == []
    [record] = read_runs(store)
    assert (record["exit_code"], record["stopped_by"]) == (75, "SIGUSR1")
    ended(start(store, "--task", "0/2"))
    assert digests(store) == expected


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to that")
