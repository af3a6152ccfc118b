"""The processes of a Ray of our own, ended with the run."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

SWEEP_S = 5.0
"""How long processes that were killed may take to go."""


def end_processes_of(folder: Path) -> None:
    """Kill every process that was started for a cluster in this folder; wait until they are gone.

    Ray's agents look only every few seconds whether their node still lives. They are known by their
    environment, which names the folder: its name is drawn anew for every run. Where there is no
    /proc nothing is done.
    """
    until = time.monotonic() + SWEEP_S
    while found := _processes_of(folder):
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > until:
            return
        time.sleep(0.05)


def _processes_of(folder: Path) -> list[int]:
    sign = os.fsencode(f"{folder}/")
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) != os.getpid():
            with suppress(OSError):  # gone, or not ours
                if sign in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found
