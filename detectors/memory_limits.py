"""How much memory the images of a trial may take: of this machine, its container, this process.

A trial shares its machine with as many others as there are slots. Nothing here imports torch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from data.byte_counts import bytes_meant

SETTING = "CROSSGEN_IMAGE_MEMORY"
"""In the environment: what images may take beside what the process holds, such as `800MB`."""

CACHED = 1 / 16
"""Part of a machine that all its processes together may fill with decoded images of their own."""

USABLE = 0.85
"""Part of a machine that trials may fill: Ray ends workers from 95 %, and others live there too."""

LEAST = 256 * 1024**2
"""However much a process holds already, so much is tried: small images are never at fault."""

_share = 1.0


class BadMemorySetting(ValueError):
    """The setting in the environment is no amount of memory."""


def take_share(share: float) -> None:
    """Say which part of the machine's memory is this process's: 1 is all of it."""
    global _share
    _share = min(max(share, 0.0), 1.0) or 1.0


def setting() -> int | None:
    """What the environment allows, in bytes; None where it says nothing.

    Raises:
        BadMemorySetting: it is no amount.
    """
    text = os.environ.get(SETTING, "").strip()
    if not text:
        return None
    try:
        return bytes_meant(text)
    except ValueError as error:
        raise BadMemorySetting(f"{SETTING}={text!r}: {error}") from error


def host_bytes(droppable: int = 0) -> int:
    """Bytes of main memory that images may take now.

    Args:
        droppable: of what the process holds, the part that would be given up for them.
    """
    stated = setting()
    if stated is not None:
        return stated
    own = int(USABLE * machine_bytes() * _share)
    return max(own - _resident() + droppable, LEAST)


def cache_bytes() -> int:
    """Bytes of main memory that this process may keep decoded images in: its share of a part."""
    return int(CACHED * machine_bytes() * _share)


def device_bytes(total: int, share: float, allocated: int) -> int:
    """Bytes of a GPU's memory that images may take, of which a process has a share."""
    stated = setting()
    if stated is not None:
        return stated
    return max(int(0.95 * total * share) - allocated, LEAST)


def machine_bytes(root: Path = Path("/")) -> int:
    """Main memory of the machine, or of the container that this process is in."""
    text = (root / "proc/meminfo").read_text(encoding="ascii")
    installed = int(re.search(r"MemTotal:\s+(\d+) kB", text)[1]) * 1024  # type: ignore[index]
    return min([installed, *_container_limits(root)])


def _container_limits(root: Path) -> Iterator[int]:
    """The limits of the control groups that hold this process, of both versions."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, name = root / "sys/fs/cgroup", "memory.max"
        elif "memory" in controllers.split(","):
            base, name = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
        else:
            continue
        folder = base / path.lstrip("/")
        for place in (folder, *folder.parents):
            if not place.is_relative_to(base):
                break
            try:
                text = (place / name).read_text().strip()
            except OSError:
                continue
            if text.isdigit():
                yield int(text)


def _resident() -> int:
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
