"""What a run and `status` say when Ray ends a trial's process."""

import os
import subprocess
import sys

import pytest

from grid.packages import packages_root
from grid.records.failures import read_failures
from grid.store.opening import open_store


@pytest.mark.ray
@pytest.mark.slow
def test_a_trial_that_ray_ends_for_memory_is_said_in_a_sentence(crossgen, own_run):
    """The monitor's threshold is set below what is in use, so it ends the first trial it sees."""
    command = own_run.file, "--store", own_run.store, "--set", "seeds=[3]"
    low = {"RAY_memory_usage_threshold": "0.01", "RAY_memory_monitor_refresh_ms": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "launch", "run", *command, "--attempts", "1", "--slots", "1"],
        cwd=packages_root(), env={**os.environ, **low}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    failures = read_failures(open_store(own_run.store))
    assert {f["kind"] for f in failures} == {"out_of_memory"}
    for said in (done.stderr, crossgen("status", *command)[1]):
        assert "ran out of memory" in " ".join(said.split())
        assert "batch_size" in said
        assert "docs.ray.io" not in said
    assert "docs.ray.io" in failures[0]["traceback"]
