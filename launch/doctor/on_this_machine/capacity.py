"""What a run may take of this machine: memory, cores, shared memory, open files."""

from __future__ import annotations

import os
import re
import resource
import shutil
from pathlib import Path

from data.byte_counts import in_bytes
from data.counts import counted
from detectors.loader_cpus import usable_cpus
from detectors.memory_limits import USABLE, machine_bytes
from grid.run.on_ray.cluster import OBJECT_STORE_BYTES
from launch.doctor.diagnosis import Diagnosis, broken, doubtful, fine
from launch.doctor.this_machine import ThisMachine

A_TRIAL_TAKES = 2 * 10**9
"""Bytes of a small trial: torch, a network, decoded images."""

OPEN_FILES = 4096
"""Each worker of Ray has some hundreds of connections; Ray itself warns below this."""


def memory(machine: ThisMachine) -> Diagnosis:
    """Whether trials find memory, one per core that a run would use."""
    text = Path("/proc/meminfo").read_text(encoding="ascii")
    free = int(re.search(r"MemAvailable:\s+(\d+) kB", text)[1]) * 1024  # type: ignore[index]
    limit, cores = machine_bytes(), usable_cpus()
    free = min(free, limit)
    seen = f"{in_bytes(free)} free of {in_bytes(limit)}"
    trials = int(USABLE * free // A_TRIAL_TAKES)
    if trials < 1:
        return broken(
            f"{seen}: not even one trial fits", "End what else runs here, or ask for more memory"
        )
    if trials < cores:
        return doubtful(
            f"{seen}, for {counted(cores, 'core')}: about {counted(trials, 'small trial')} at once",
            f"Give `--slots {trials}`, or more CPUs per trial under `resources:`",
        )
    return fine(seen)


def cores(machine: ThisMachine) -> Diagnosis:
    """How many cores there are for this process, and whether Ray would count more."""
    usable, counted_by_python = usable_cpus(), os.cpu_count() or 1
    seen = counted(usable, "core")
    if usable < counted_by_python:
        return doubtful(
            f"{seen} of the machine's {counted_by_python} may be used (an affinity or a "
            "container's quota)",
            f"Give `--slots {usable}` where Ray starts more trials than that",
        )
    return fine(seen)


def shared_memory(machine: ThisMachine) -> Diagnosis | None:
    """Whether Ray's object store fits into /dev/shm; else it lies on a disk."""
    folder = Path("/dev/shm")
    if not folder.is_dir():
        return None
    free = shutil.disk_usage(folder).free
    if free < OBJECT_STORE_BYTES:
        return doubtful(
            f"{in_bytes(free)} free in {folder}, and Ray wants {in_bytes(OBJECT_STORE_BYTES)}",
            "Give the container more (--shm-size=1g); until then Ray uses the disk of /tmp",
        )
    return fine(f"{in_bytes(free)} free in {folder}")


def open_files(machine: ThisMachine) -> Diagnosis:
    """Whether as many files may be open as Ray's workers need."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now != resource.RLIM_INFINITY and now < OPEN_FILES:
        return doubtful(
            f"{now:,} may be open at a time", f"`ulimit -n {wanted}` before crossgen is started"
        )
    return fine(f"{now:,} at a time" if now != resource.RLIM_INFINITY else "no limit")


WHERE_TRIALS_RUN = True
PLACE = 3
CHECKS = {
    "memory": memory,
    "cores": cores,
    "shared memory": shared_memory,
    "open files": open_files,
}
