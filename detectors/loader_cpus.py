"""How many threads prepare images, by the CPUs that a trial was given.

Decoding, reading and adding up release the interpreter's lock, so threads share one process's
network, cache and page-locked memory. A CPU trial prepares images on the core that trains: there a
thread would only take turns with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

MOST_LOADERS = 16
"""More threads than this mostly wait for the interpreter's lock."""

BATCHES_AHEAD = 4
"""How many batches they are ahead of the network at least; never fewer than there are threads."""

_given: float | None = None


def take_cpus(cpus: float | None) -> None:
    """Say how many of the machine's CPUs are this process's; None: all of them."""
    global _given
    _given = cpus


def loader_threads(device: torch.device) -> int:
    """How many threads prepare images for a device; 0 means the thread that computes."""
    if device.type != "cuda":
        return 0
    usable = usable_cpus()
    given = usable if _given is None else min(int(_given), usable)
    return min(max(1, given), MOST_LOADERS)


def batches_ahead(threads: int) -> int:
    """How many batches some threads may have in work or ready."""
    return max(BATCHES_AHEAD, threads) if threads else 0


def usable_cpus(root: Path = Path("/")) -> int:
    """CPUs that this process may run on: its affinity, and the quota of its container."""
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = (root / "sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cpus
    return min(cpus, max(1, int(quota) // int(period))) if quota.isdigit() else cpus
