"""What the pixels in a slab depend on: its name is made of all of it."""

import functools
import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import PIL
from PIL import features

from data.decode_version import DECODE_VERSION
from data.view import View

LAYOUT = 1
"""Of the file. Raise it when the same name would mean other bytes."""

ENDING = ".slab"


class Key(Protocol):
    """What is kept in one slab: all that its bytes depend on, and the name made of it."""

    @property
    def facts(self) -> dict[str, Any]:
        """For people and for the file's own header."""
        ...

    @property
    def file_name(self) -> str:
        """Ends with ENDING; another one wherever a fact differs."""
        ...


@dataclass(frozen=True)
class SlabKey:
    """The images of a pool after the kept part of a view, as this machine's software makes them.

    A pool_id is a digest of the images' ids, which are digests of the files' bytes: a slab is
    about contents, never about paths.
    """

    pool_id: str
    kept: View

    @property
    def facts(self) -> dict[str, Any]:
        """All that is in the name, for people and for the file's own header."""
        return {
            "layout": LAYOUT,
            "pool_id": self.pool_id,
            "view": self.kept.canonical,
            "operations": self.kept.versions,
            **decoder(),
        }

    @functools.cached_property
    def file_name(self) -> str:
        """The pool and the digest of the facts."""
        return named(self.pool_id, self.facts)


def named(pool_id: str, facts: dict[str, Any]) -> str:
    """A slab's name: its pool and the digest of its facts."""
    text = json.dumps(facts, sort_keys=True)
    return f"{pool_id}-{hashlib.sha256(text.encode()).hexdigest()[:16]}{ENDING}"


@functools.cache
def decoder() -> dict[str, Any]:
    """Versions of what makes pixels, and the CPU type: results are equal at the same type alone.

    Nodes that share a folder share slabs where all of this is equal.
    """
    return {
        "decode": DECODE_VERSION,
        "pillow": PIL.__version__,
        **{name: features.version(name) for name in ("libjpeg_turbo", "jpg", "webp", "libtiff")},
        "numpy": np.__version__,
        "cpu": f"{platform.machine()} {_cpu_model()}",
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
