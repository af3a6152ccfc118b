"""Stopping a Slurm job as Ctrl-C stops a run: checkpoints are written, and nothing is requeued."""

from __future__ import annotations

import re
import subprocess
import time

import click

from grid.refusal import Refused

WAIT_S = 90.0
"""How long a job may take that is just being requeued; then it is cancelled in the queue."""

_JOB = re.compile(r"\d+(_(\d+|\[[\d,%-]+\]))?")


def stop_slurm_job(job: str) -> None:
    """Have the running tasks of a job write checkpoints and end, and cancel those that wait.

    The batch script takes SIGUSR2 as a person's wish: it does not requeue itself. Returns when all
    have been asked; `squeue` shows when they have ended.

    Args:
        job: id of a job, of a job array, or of a task of one (123_4).

    Raises:
        Refused: it is no job's id, or there is no such job in the queue.
    """
    if not _JOB.fullmatch(job):
        raise Refused.because(
            job, "it is no id of a Slurm job", "Give a number, or 123_4 of a task"
        )
    asked: set[str] = set()
    until = time.monotonic() + WAIT_S
    while states := _states(job):
        if not asked:
            # Slurm shall not requeue it either, of a node that fails just now.
            _slurm("scontrol", "update", f"JobId={job}", "Requeue=0")
        waiting = [task for task, state in states.items() if state == "PENDING"]
        for task in waiting:
            _slurm("scancel", task)
        for task, state in states.items():
            if state == "RUNNING" and task not in asked:
                _slurm("scancel", "--batch", "--signal=USR2", task)
                asked.add(task)
                click.echo(f"{task}: asked to write its checkpoints and end", err=True)
        if waiting:
            click.echo(f"{', '.join(waiting)}: cancelled, it was waiting", err=True)
            asked.update(waiting)
        # One that ends may have had itself requeued in this moment: look again.
        if not any(state == "COMPLETING" for state in states.values()):
            return
        if time.monotonic() > until:
            return
        time.sleep(1.0)
    if not asked:
        raise Refused.because(
            job,
            "Slurm has no such job waiting or running",
            "`squeue --me` shows whether another goes on with its work",
        )


def _states(job: str) -> dict[str, str]:
    """Return the state of each task in the queue that belongs to a job."""
    told = _slurm("squeue", "--noheader", f"--jobs={job}", "--format=%i %T")
    return dict(line.split() for line in told.splitlines() if line.strip())


def _slurm(*words: str) -> str:
    """Run one of Slurm's commands; return what it prints, "" where it fails."""
    try:
        return subprocess.run(words, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise Refused.because(
            words[0], "there is no such command here", "Stop it on a login node of the cluster"
        ) from error
