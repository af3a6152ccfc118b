"""Where this node keeps decoded images, and how many: on disk for all, in memory for a process.

Each node goes by its own environment and its own disks.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from data.byte_counts import bytes_meant
from data.decoded.shelf import SlabShelf
from data.decoded.tidying import most_bytes
from grid.cache_folder import default_cache_dir
from grid.refusal import Problem, Refused

BOUND = "CROSSGEN_DECODED"
"""In the environment: what decoded images may take on a node's disk, such as `200GB`; `0` none."""

FOLDER = "decoded"

FEATURES_BOUND, FEATURES_FOLDER = "CROSSGEN_FEATURES", "features"
"""The same for features of frozen backbones, which lie beside the decoded images."""


def decoded_folder() -> Path:
    """Where decoded images lie: the first of these that is named.

    CROSSGEN_SCRATCH; SLURM_TMPDIR, which the batch system empties; the cache folder
    (CROSSGEN_CACHE, XDG_CACHE_HOME, ~/.cache).
    """
    for name in ("CROSSGEN_SCRATCH", "SLURM_TMPDIR"):
        if os.environ.get(name):
            return Path(os.environ[name]).expanduser() / "crossgen" / FOLDER
    return default_cache_dir() / FOLDER


def decoded_bound(folder: Path) -> int:
    """How many bytes they may take: CROSSGEN_DECODED, else half of what is free or theirs already.

    Raises:
        Refused: the environment states no amount.
    """
    return _bound(folder, BOUND, "decoded images")


def why_nothing_is_kept(folder: Path) -> str:
    """Why the bound is zero, for people."""
    if os.environ.get(BOUND, "").strip():
        return f"{BOUND} is {os.environ[BOUND].strip()}"
    return f"no room on the disk of {folder}; CROSSGEN_SCRATCH names another folder"


def node_shelf() -> SlabShelf:
    """The slabs of this node as this process uses them, the same until its environment changes."""
    return _shelf(decoded_folder(), os.environ.get(BOUND, ""))


@functools.lru_cache(maxsize=4)
def _shelf(folder: Path, stated: str) -> SlabShelf:
    return SlabShelf(folder, decoded_bound(folder))


def features_shelf() -> SlabShelf:
    """The slabs of features of this node, in the folder beside that of decoded images.

    Raises:
        Refused: CROSSGEN_FEATURES states no amount.
    """
    folder = decoded_folder().with_name(FEATURES_FOLDER)
    return _features_shelf(folder, os.environ.get(FEATURES_BOUND, ""))


@functools.lru_cache(maxsize=4)
def _features_shelf(folder: Path, stated: str) -> SlabShelf:
    return SlabShelf(folder, _bound(folder, FEATURES_BOUND, "features"), "features")


def _bound(folder: Path, name: str, what: str) -> int:
    """Bytes that the environment states under a name, else half of what is free or theirs."""
    stated = os.environ.get(name, "").strip()
    if not stated:
        return most_bytes(folder)
    try:
        return bytes_meant(stated)
    except ValueError as error:
        problem = Problem(
            what=f"{name}={stated!r}",
            why="it is no amount of bytes",
            mend=f"Write it as 800MB or 2TB, or 0 to keep no {what}",
        )
        raise Refused([problem]) from error
