"""Stopping a job: those that run are asked by SIGUSR2, those that wait are cancelled."""

import os

import pytest
from stub_slurm import StubSlurm

from grid.refusal import Refused
from launch.slurm import stopping
from launch.slurm.stopping import stop_slurm_job


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    stub = StubSlurm(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{stub.folder}:{os.environ['PATH']}")
    monkeypatch.setattr(stopping.time, "sleep", lambda _: None)
    stub.answer("scontrol", "")
    stub.answer("scancel", "")
    return stub


def test_a_running_job_is_asked_and_never_requeued(slurm):
    slurm.answer("squeue", "12 RUNNING\n")
    stop_slurm_job("12")
    assert slurm.calls("scancel") == [["--batch", "--signal=USR2", "12"]]
    assert slurm.calls("scontrol") == [["update", "JobId=12", "Requeue=0"]]


def test_a_job_that_waits_is_cancelled(slurm):
    slurm.answer("squeue", "12 PENDING\n")
    stop_slurm_job("12")
    assert slurm.calls("scancel") == [["12"]]


def test_one_that_is_being_requeued_is_cancelled_once_it_waits(slurm):
    slurm.answer("squeue", "12 COMPLETING\n", "12 COMPLETING\n", "12 PENDING\n", "")
    stop_slurm_job("12")
    assert slurm.calls("scancel") == [["12"]]


def test_every_task_of_an_array_is_asked_once(slurm):
    both = "12_[4-9] PENDING\n12_2 RUNNING\n12_3 COMPLETING\n"
    slurm.answer("squeue", both, "12_2 RUNNING\n12_3 COMPLETING\n", "12_2 RUNNING\n")
    stop_slurm_job("12")
    assert slurm.calls("scancel") == [["12_[4-9]"], ["--batch", "--signal=USR2", "12_2"]]


def test_a_job_that_is_not_there_is_refused(slurm):
    slurm.answer("squeue", "", code=1, error="slurm_load_jobs error: Invalid job id specified")
    with pytest.raises(Refused, match="no such job"):
        stop_slurm_job("12")


@pytest.mark.parametrize("job", ["", "abc", "12; rm -rf /", "--me", "12_x", "raysubmit_1"])
def test_what_is_no_job_is_refused_before_anything_is_asked(slurm, job):
    slurm.answer("squeue", "1 RUNNING")
    with pytest.raises(Refused):
        stop_slurm_job(job)
    assert slurm.calls("squeue") == []


def test_without_slurm_it_says_where_to_stop(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="login node"):
        stop_slurm_job("12")
