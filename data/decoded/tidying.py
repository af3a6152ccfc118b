"""How much the slabs of a folder take, and which of them go when room is needed.

Whatever is deleted was only a copy: who has the slab open goes on with it, or decodes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from data.decoded.slab_key import ENDING

DAY_S = 24 * 3600.0
IDLE_DAYS = 1.0
"""A slab that nobody used for so long makes room for another one, the longest unused first.

No sooner: a grid goes round all its pools, and to delete the least recently used of more than fit
would delete each one just before it is read again.
"""
FORGOTTEN_DAYS = 30.0
"""A slab that nobody used for so long goes in any case, as do others' torn beginnings of a day."""


class SlabFile(NamedTuple):
    """A slab as its folder lists it: bytes on disk without holes, seconds since its last use."""

    path: Path
    bytes: int
    idle_s: float


def slab_files(folder: Path) -> list[SlabFile]:
    """All slabs of a folder, the longest unused first; none where there is no such folder."""
    found, now = [], time.time()
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ENDING):
                with contextlib.suppress(OSError):  # deleted just now
                    status = entry.stat(follow_symlinks=False)
                    idle_s = now - status.st_mtime
                    found.append(SlabFile(Path(entry.path), status.st_blocks * 512, idle_s))
    return sorted(found, key=lambda slab: -slab.idle_s)


def used_bytes(folder: Path, but: Collection[str] = ()) -> int:
    """Bytes on disk of all slabs of a folder, but of those with some names."""
    return sum(slab.bytes for slab in slab_files(folder) if slab.path.name not in but)


def make_room(folder: Path, wanted_bytes: int, max_bytes: int, keep: Collection[str]) -> None:
    """Delete slabs that nobody uses, as many as some new bytes need.

    Args:
        folder: of slabs.
        wanted_bytes: what is to come.
        max_bytes: what all slabs together may take.
        keep: names of slabs that are in use here.
    """
    files = [slab for slab in slab_files(folder) if slab.path.name not in keep]
    too_much = used_bytes(folder) + wanted_bytes - max_bytes
    for slab in files:
        is_forgotten = slab.idle_s > FORGOTTEN_DAYS * DAY_S
        makes_room = too_much > 0 and slab.idle_s > IDLE_DAYS * DAY_S
        if is_forgotten or makes_room:
            with contextlib.suppress(OSError):
                slab.path.unlink()
                too_much -= slab.bytes
    for beginning in folder.glob(f".*{ENDING}-*"):
        with contextlib.suppress(OSError):
            if time.time() - beginning.stat().st_mtime > DAY_S:
                beginning.unlink()


def most_bytes(folder: Path) -> int:
    """The bound where none is stated: half of what is free on the folder's disk or taken by slabs.

    0 where the disk cannot be looked at.
    """
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return (shutil.disk_usage(place).free + used_bytes(folder)) // 2
    except OSError:
        return 0
