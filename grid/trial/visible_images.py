"""Whether a host has the images of a trial at all: a data root may be missing or not mounted."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from data.image_sources import status_of
from data.staged_images import copy_in, staged_folder

LOOKS = 5


class ImagesNotSeen(RuntimeError):
    """What lies under these paths on the driver's host is not there on this one."""


def require_seen(paths: Sequence[str]) -> None:
    """Look at a few images of a pool, from its first to its last.

    One that is there is enough: a single file that is missing is the trial's own failure, and said
    when it is read.

    Raises:
        ImagesNotSeen: none of them is there, or can be looked at.
    """
    some = [paths[at] for at in np.unique(np.linspace(0, len(paths) - 1, LOOKS, dtype=int))]
    if not any(_is_there(path) for path in some):
        raise ImagesNotSeen(
            f"host {os.uname().nodename} does not see the images of the experiment ({some[0]}); "
            "data roots must be the same path on every node: mount them there"
        )


def _is_there(path: str) -> bool:
    folder = staged_folder()
    copy = copy_in(folder, path) if folder is not None else None
    return (copy is not None and _can_be_looked_at(copy)) or _can_be_looked_at(path)


def _can_be_looked_at(path: str) -> bool:
    try:
        status_of(path)
    except OSError:
        return False
    return True
