"""sbatch and scontrol, as far as submitting needs them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from grid.refusal import Refused
from launch.slurm.slurm_job import Tasks

DEFAULT_MAX_ARRAY_SIZE = 1001
"""Slurm's own, where the site states none."""


def submit_script(script: Path) -> str:
    """Submit a batch script; return the job's id.

    Raises:
        Refused: there is no sbatch here, or it refuses the job.
    """
    try:
        done = subprocess.run(["sbatch", "--parsable", script], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise Refused.because(
            "sbatch",
            "there is no such command here",
            f"Submit on a login node of the cluster: sbatch {script}",
        ) from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise Refused.because(f"sbatch {script}", said, "Change the options it names")
    return done.stdout.strip().partition(";")[0]  # behind it stands the cluster's name


def max_array_size() -> int | None:
    """Return one more than the highest index of an array's task; None where no Slurm answers."""
    try:
        done = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", done.stdout, re.MULTILINE)
    return int(found[1]) if found else None


def chunks(total: int, at_once: int | None, largest: int) -> Iterator[Tasks]:
    """Part `total` tasks into arrays of at most `largest`; `at_once` holds for each array."""
    for first in range(0, total, largest):
        count = min(largest, total - first)
        yield Tasks(total=total, count=count, first=first, at_once=at_once)
