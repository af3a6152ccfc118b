"""A run on a real Slurm that is stopped by all that Slurm stops jobs with, and ends as if quiet."""

import os

import pytest
from slurm_grid import begun_trainings, committed

pytestmark = pytest.mark.cluster

MINUTES = int(os.environ.get("SLURM_TEST_MINUTES", "2"))
"""The time limit; a machine that is busy with other things needs more."""

TWO_NODES = ("--nodes=2", "--partition=main")


def test_limit_requeue_resume(slurm_grid, slurm):
    """The time limit nears: checkpoints, requeue, resume, as often as it takes."""
    store = slurm_grid.store("limit")
    job = slurm_grid.submit(store, *TWO_NODES, f"--time={MINUTES}", "--signal=20")
    slurm.wait_for(lambda: slurm.job(job)["Restarts"] != "0", 60 * MINUTES + 80, job)
    slurm_grid.hurry(store)
    ended = slurm.wait_until_ended(job, 900)
    assert ended["JobState"] == "COMPLETED", slurm.account(job)
    said = slurm.output(job)
    assert int(ended["Restarts"]) == said.count("] requeued") >= 1, said
    assert "the time limit is near" in said
    slurm_grid.assert_as_quiet(store)
    slurm_grid.assert_nothing_left()


def test_preemption(slurm_grid, slurm):
    """A job of a higher partition takes the nodes; what is not committed is in checkpoints."""
    store = slurm_grid.store("preempted")
    job = slurm_grid.submit(store, *TWO_NODES, "--time=30")
    slurm.wait_for(lambda: begun_trainings(store) == 2, 180, job)
    before = committed(store)
    slurm.submit("--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=:")
    slurm.wait_for(lambda: slurm.job(job)["Restarts"] != "0", 60, job)
    slurm_grid.hurry(store)
    ended = slurm.wait_until_ended(job, 900)
    said = slurm.output(job)
    assert ended["JobState"] == "COMPLETED", said
    assert "Slurm requeues the job" in said, said  # checkpoints were written in time
    assert int(ended["Restarts"]) == 1
    after = committed(store)
    assert {key: after.get(key) for key in before} == before
    slurm_grid.assert_as_quiet(store)
    slurm_grid.assert_nothing_left()


@pytest.mark.parametrize("node", [2, 1])
def test_node_failure(slurm_grid, slurm, node):
    """A node loses power, the one with the head or the other; Slurm requeues the job."""
    store = slurm_grid.store(f"node{node}")
    job = slurm_grid.submit(store, *TWO_NODES, "--time=30")
    slurm.wait_for(lambda: begun_trainings(store) == 2, 180, job)
    before = committed(store)
    slurm.kill_node(node)
    slurm.wait_for(lambda: slurm.job(job)["Restarts"] == "1", 120, job)
    slurm.boot(node)
    slurm_grid.hurry(store)
    ended = slurm.wait_until_ended(job, 900)
    assert ended["JobState"] == "COMPLETED", slurm.account(job)
    after = committed(store)
    assert {key: after.get(key) for key in before} == before
    slurm_grid.assert_as_quiet(store)
    slurm_grid.assert_nothing_left()
