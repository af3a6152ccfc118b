"""How much memory a machine's GPUs have, asked without loading torch: of its driver, or stated."""

from __future__ import annotations

import os
import shutil
import subprocess

from data.byte_counts import bytes_meant
from grid.refusal import Refused

SETTING = "CROSSGEN_GPU_MEMORY"
"""In the environment: the memory of the smallest GPU, such as `80GB`, where no driver tells it."""

_ASKED = ("--query-gpu=memory.total,mig.mode.current", "--format=csv,noheader,nounits")


class BadGpuMemory(Refused):
    """The setting in the environment is no amount of memory."""


def stated_card() -> int | None:
    """Return the bytes that the environment states, None where it says nothing.

    Raises:
        BadGpuMemory: it is no amount.
    """
    text = os.environ.get(SETTING, "").strip()
    if not text:
        return None
    try:
        return bytes_meant(text)
    except ValueError as error:
        raise BadGpuMemory.because(
            f"{SETTING}={text}", str(error).rstrip("."), "Write it as 80GB, or unset it"
        ) from error


def smallest_card() -> int | None:
    """Return the bytes of the smallest GPU of this machine, None where that is not known.

    Every GPU that the driver shows counts, also those that other jobs use: the smallest of them is
    never too much. Of one that is cut into instances (MIG) the driver tells the whole, so nothing
    is known.
    """
    stated = stated_card()
    if stated is not None:
        return stated
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        answer = subprocess.run(
            [program, *_ASKED], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _smallest_in(answer.stdout)


def _smallest_in(answer: str) -> int | None:
    """Return the bytes of the smallest card; a line of each has MiB and whether it is cut up."""
    cards = []
    for line in answer.splitlines():
        mebibytes, _, cut_up = line.partition(",")
        if not mebibytes.strip().isdigit() or cut_up.strip() == "Enabled":
            return None
        cards.append(int(mebibytes) << 20)
    return min(cards, default=None)
