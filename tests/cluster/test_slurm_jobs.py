"""Batch jobs on a real Slurm: the plain script, requeueing forbidden, a stop, an array."""

import pytest
from repository import ROOT
from score_digests import digests
from slurm_grid import PIECES_OF_A_FIT, begun_trainings, committed, trained_by

pytestmark = pytest.mark.cluster

SHORT = ("--set", "arms.a.recipe={base: small, epochs: 2, batch_size: 8}")


def test_the_plain_script_runs_unwrapped(slurm_grid, slurm):
    """`sbatch launch/grid.sbatch FILE`, from a checkout with its environment in .venv."""
    folder = slurm_grid.folder / "checkout"
    folder.mkdir()
    (folder / ".venv").symlink_to(ROOT / ".venv")
    store = slurm_grid.store("plain")
    words = ["--parsable", "--time=10", ROOT / "launch" / "grid.sbatch", slurm_grid.file]
    job = slurm.command("sbatch", *words, "--store", store.url, *SHORT, cwd=folder)
    assert slurm.wait_until_ended(job)["JobState"] == "COMPLETED", slurm.account(job)
    assert len(digests(store)) == 2 * PIECES_OF_A_FIT
    slurm_grid.assert_nothing_left()
    assert {path.name for path in folder.iterdir()} == {
        ".venv",
        f"crossgen-{job}.out",
        f"ray-{job}.log",
    }
    assert not any("token" in line for line in (folder / f"ray-{job}.log").read_text().split())


def test_where_requeueing_is_forbidden_a_dependent_job_goes_on(slurm_grid, slurm):
    store = slurm_grid.store("forbidden")
    options = ("--nodes=2", "--time=30", "--no-requeue", "--account=lab", "--cpus=1")
    job = slurm_grid.submit(store, *options)
    slurm.wait_for(lambda: begun_trainings(store) == 2, 180, job)
    slurm.say_limit_is_near(job)
    first = slurm.wait_until_ended(job)
    assert (first["JobState"], first["Restarts"]) == ("FAILED", "0")
    slurm_grid.hurry(store)
    successor = slurm.output(job).split(": job ")[1].split()[0]
    ended = slurm.wait_until_ended(successor, 600)
    assert ended["JobState"] == "COMPLETED", slurm.account(successor)
    for name in ("StdOut", "TimeLimit", "NumNodes", "Account", "Partition", "CPUs/Task"):
        assert ended[name] == first[name], name
    slurm_grid.assert_as_quiet(store)
    slurm_grid.assert_nothing_left()


def test_a_stop_writes_checkpoints_and_the_same_submission_goes_on(slurm_grid, slurm):
    store = slurm_grid.store("stopped")
    job = slurm_grid.submit(store, "--nodes=2", "--time=30")
    slurm.wait_for(lambda: begun_trainings(store) == 2, 180, job)
    slurm_grid.crossgen("stop", job)
    ended = slurm.wait_until_ended(job)
    assert (ended["JobState"], ended["ExitCode"], ended["Restarts"]) == ("FAILED", "75:0", "0")
    assert "stopped; submit the same again to go on" in slurm.output(job)
    assert not slurm.command("squeue", "-h")
    slurm_grid.assert_nothing_left()
    before = committed(store)
    slurm_grid.hurry(store)
    again = slurm_grid.submit(store, "--nodes=2", "--time=30")
    assert slurm.wait_until_ended(again, 600)["JobState"] == "COMPLETED", slurm.account(again)
    after = committed(store)
    assert {key: after.get(key) for key in before} == before
    slurm_grid.assert_as_quiet(store)


def test_four_tasks_do_a_grid_without_ray(slurm_grid, slurm):
    """Four fits, four tasks of one node each; one of them is told that its time is nearly up."""
    store = slurm_grid.store("array")
    words = ("--", "--set", "seeds=[0, 1]", "--set", "arms.a.recipe.epochs=20")
    job = slurm_grid.submit(store, "--array=4", "--cpus=1", "--memory=1G", "--time=30", *words)
    slurm.wait_for(lambda: begun_trainings(store) >= 2, 180, job)
    slurm.say_limit_is_near(f"{job}_1")
    slurm_grid.hurry(store)
    tasks = [f"{job}_{task}" for task in range(4)]
    ended = [slurm.wait_until_ended(task, 600) for task in tasks]
    assert {task["JobState"] for task in ended} == {"COMPLETED"}, slurm.account(tasks[1])
    assert len(digests(store)) == 4 * PIECES_OF_A_FIT
    assert len(trained_by(store)) == 4
    slurm_grid.assert_nothing_left()
