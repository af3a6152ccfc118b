"""Folders that a run writes to besides the store: room, rights, kind, length of their names."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from pathlib import Path

from data.byte_counts import in_bytes
from grid.run.on_ray.ray_home import PREFIX
from launch.doctor.diagnosis import Diagnosis, broken, doubtful, fine
from launch.doctor.mounts import NETWORK, existing_part, kind_of
from launch.doctor.this_machine import ThisMachine

LEAST_FREE = 2 * 10**9
LONGEST_SOCKET = 107
"""Bytes of the path of a Unix socket, the final zero left out."""

IN_RAYS_FOLDER = f"{PREFIX}12345678/session_2026-01-01_00-00-00_000000_1234567/sockets/plasma_store"
BEGINNING_OF_TIME = 1735689600.0  # 2025: a clock before that was never set


def cache(machine: ThisMachine) -> Diagnosis:
    """Whether indexes can be kept."""
    return _folder(machine.cache, "CROSSGEN_CACHE")


def scratch(machine: ThisMachine) -> Diagnosis:
    """Whether decoded images can be kept, near this node."""
    found = _folder(machine.scratch, "CROSSGEN_SCRATCH")
    kind = kind_of(machine.scratch)
    if found.level == "ok" and kind in NETWORK:
        return doubtful(
            f"{found.seen}: all nodes read decoded images over the network there",
            "Name a folder of this node's own disk in CROSSGEN_SCRATCH",
        )
    return found


def temporary(machine: ThisMachine) -> Diagnosis:
    """Whether Ray's folder can be made, and its sockets in it have names short enough."""
    length = len(os.fsencode(f"{machine.temporary}/{IN_RAYS_FOLDER}"))
    if length > LONGEST_SOCKET:
        return broken(
            f"{machine.temporary}: Ray's sockets there would have paths of {length} bytes, and "
            f"{LONGEST_SOCKET} is the most",
            "Make /tmp writable, or name a shorter folder in TMPDIR",
        )
    return _folder(machine.temporary, "TMPDIR")


def clock(machine: ThisMachine) -> Diagnosis:
    """Whether the clock was ever set: records are dated, and S3 minds the time."""
    now = time.time()
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < BEGINNING_OF_TIME:
        return broken(f"it is {said} here", "Set the clock (NTP)")
    return fine(said)


def _folder(folder: Path, variable: str) -> Diagnosis:
    """Whether a folder can be made and written to, and has room."""
    there = existing_part(folder)
    try:
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{there} is no folder")
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return broken(
            f"{folder}: nothing can be written there ({error.strerror})",
            f"Make it writable, free space, or name another folder in {variable}",
        )
    free = shutil.disk_usage(there).free
    seen = f"{in_bytes(free)} free in {folder} ({kind_of(there)})"
    if free < LEAST_FREE:
        return doubtful(seen, f"Free space, or name another folder in {variable}")
    return fine(seen)


WHERE_TRIALS_RUN = True
PLACE = 4
CHECKS = {"cache": cache, "scratch": scratch, "temporary folder": temporary, "clock": clock}
