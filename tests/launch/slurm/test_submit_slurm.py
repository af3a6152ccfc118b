"""`crossgen submit slurm`: planned first, written down, handed to sbatch."""

import os
import subprocess
import sys

import pytest
from repository import ROOT
from stub_slurm import StubSlurm

from launch.slurm.submission import chunks

MORE = "seeds=[0, 1]"


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    stub = StubSlurm(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{stub.folder}:{os.environ['PATH']}")
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    stub.answer("sbatch", "41\n", "42;cluster\n")
    stub.answer("scontrol", "Configuration data\nMaxArraySize            = 5\nMaxJobCount = 9\n")
    return stub


@pytest.fixture
def submit(crossgen, own_run, slurm, tmp_path, monkeypatch):
    """Return a function that submits the experiment with two more fits to run."""
    monkeypatch.chdir(tmp_path)

    def call(*options, words=("--set", MORE)):
        given = ["submit", "slurm", own_run.file, "--store", own_run.store, *options]
        return crossgen(*given, "--", *words)

    return call


def test_a_script_is_written_submitted_and_explained(submit, own_run, slurm, tmp_path):
    code, said, _ = submit("--nodes=2", "--time=60", "--logs=out")
    assert code == 0
    [[_, script]] = slurm.calls("sbatch")
    assert script == str(tmp_path / "out" / "two-1.sbatch")
    text = (tmp_path / "out" / "two-1.sbatch").read_text()
    assert f"arguments=({own_run.file} --store {own_run.store} --set '{MORE}')" in text
    assert "#SBATCH --nodes=2\n" in text
    assert f"  . {sys.prefix}/bin/activate || return\n" in text
    for words in (f"tail -F {tmp_path}/out/crossgen-41.out", "crossgen status", "crossgen stop 41"):
        assert words in said
    submit("--logs=out")
    assert slurm.calls("sbatch")[1][1] == str(tmp_path / "out" / "two-2.sbatch")


def test_dry_run_prints_the_script_and_does_nothing(submit, slurm, tmp_path):
    code, said, _ = submit("--dry-run", "--logs=out")
    assert code == 0
    assert said.startswith("#!/bin/bash\n#SBATCH --job-name=two\n")
    assert slurm.calls("sbatch") == []
    assert not (tmp_path / "out").exists()


def test_nothing_to_do_is_said_and_submits_nothing(submit, slurm):
    code, said, _ = submit(words=())
    assert code == 0
    assert "nothing to do" in said
    assert slurm.calls("sbatch") == []


def test_what_a_plan_refuses_is_refused_here(submit, slurm):
    code, _, error = submit(words=("--set", "arms.a.detector=none_such"))
    assert code == 2
    assert "none_such" in error
    assert slurm.calls("sbatch") == []


@pytest.mark.parametrize("words", [("--no-ray",), ("--store", "elsewhere"), ("--smoke",)])
def test_options_that_the_job_settles_are_refused(submit, words):
    code, _, error = submit(words=words)
    assert code == 2
    assert words[0] in error


def test_what_sbatch_refuses_is_said_in_its_words(submit, slurm):
    slurm.answer("sbatch", "", code=1, error="sbatch: error: invalid partition specified: gpu")
    code, _, error = submit("--partition=gpu")
    assert code == 2
    assert "invalid partition specified: gpu" in error


def test_an_array_is_parted_by_what_the_site_allows(submit, slurm, tmp_path):
    code, said, told = submit("--array=7%2", "--logs=out")
    assert "each task takes a whole node" in told
    assert code == 0
    assert len(slurm.calls("sbatch")) == 2
    first, second = ((tmp_path / "out" / f"two-{n}.sbatch").read_text() for n in (1, 2))
    assert "#SBATCH --array=0-4%2\n" in first
    assert "tasks=7 first_task=0\n" in first
    assert "#SBATCH --array=0-1%2\n" in second
    assert "tasks=7 first_task=5\n" in second
    assert "submitted 41, tasks 0 to 4" in said
    assert "submitted 42, tasks 5 to 6" in said


def test_an_array_of_parts_of_nodes_is_told_nothing(submit):
    code, said, told = submit("--array=3", "--cpus=2", "--dry-run")
    assert code == 0
    assert "#SBATCH --cpus-per-task=2\n" in said
    assert "whole node" not in told


@pytest.mark.parametrize("array", ["0", "x", "3%0", "-1", "1-9"])
def test_what_is_no_number_of_tasks_is_refused(submit, slurm, array):
    assert submit(f"--array={array}")[0] == 2
    assert slurm.calls("sbatch") == []


def test_staging_is_told_which_images(submit):
    words = ("--set", MORE, "--only", "seed=1", "--attempts", "2")
    said = submit("--dry-run", "--stage", words=words)[1]
    [line] = [line for line in said.splitlines() if line.startswith("stage=(")]
    assert line.split(" --store ")[1].split(" ", 1)[1].startswith("--only seed=1 --set")
    assert "--attempts" not in line


@pytest.mark.parametrize(("total", "largest"), [(1, 1), (5, 5), (6, 5), (2500, 1001)])
def test_chunks_hold_every_task_once(total, largest):
    arrays = list(chunks(total, None, largest))
    assert [n for each in arrays for n in range(each.first, each.first + each.count)] == list(
        range(total)
    )
    assert all(each.total == total and each.count <= largest for each in arrays)


def test_a_dry_run_loads_neither_torch_nor_ray(own_run):
    code = (
        "import sys\nfrom launch.cli import cli\n"
        f"words = ['submit', 'slurm', {str(own_run.file)!r}, '--store', {str(own_run.store)!r}]\n"
        f"words += ['--dry-run', '--', '--set', {MORE!r}]\n"
        "try: cli(words)\nexcept SystemExit: pass\n"
        "print(*{'torch', 'ray'} & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("#!/bin/bash")
    assert done.stderr.strip() == ""
