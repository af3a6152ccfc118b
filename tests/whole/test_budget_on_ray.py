"""A budget of hours on Ray: trials at work finish, those that wait at a worker are no failures."""

import os
import subprocess
import sys

import pytest
from repository import ROOT

from grid.records.commits import committed_fits
from grid.records.failures import read_failures
from grid.records.runs import read_runs
from grid.store.opening import open_store

pytestmark = [pytest.mark.slow, pytest.mark.ray]


def run(file, store, *more):
    done = subprocess.run(
        [sys.executable, "-m", "launch", "run", file, "--store", store.url, "--slots", "2", *more],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=400,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    return done.returncode, done.stderr


def test_a_requeued_run_goes_on_counting_and_a_larger_budget_goes_on(
    tmp_path, make_genimage, cache
):
    make_genimage(tmp_path / "images", {"g1": 1, "g2": 2})
    file = tmp_path / "budget.yaml"
    file.write_text(
        """
schema: 1
name: budget
data: {g: {root: images}}
test: {sets: [g], degradations: [none]}
seeds: [0, 1, 2, 3]
arms:
  - {name: a, detector: simple_cnn, simple_cnn.size: tiny, train: {each: g},
     input: {train: "random_crop(16, step=2) | hflip", test: none},
     recipe: {base: small, epochs: 2, batch_size: 8}}
"""
    )
    store = open_store(tmp_path / "store")
    code, said = run(file, store, "--budget-hours", "1e-5")
    assert code == 4, said
    assert "the budget is spent" in said
    begun = len(committed_fits(store))
    assert 1 <= begun < 8  # those that had begun have finished
    assert read_failures(store) == []
    [first] = read_runs(store)
    assert (first["exit_code"], first["done"], first["failed"]) == (4, begun, 0)
    assert first["cpu_hours"] > 1e-5
    code, said = run(file, store, "--budget-hours", str(first["cpu_hours"]))
    assert code == 4, said
    assert len(committed_fits(store)) == begun
    code, said = run(file, store, "--budget-hours", "10")
    assert code == 0, said
    assert len(committed_fits(store)) == 8
