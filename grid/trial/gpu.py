"""What a GPU asks of the process of a trial; on a CPU nothing of it imports torch."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
from pathlib import Path

from detectors.out_of_memory import is_out_of_memory

ON_DEVICE = re.compile(r"CUDA (error|out of memory)|cu(DNN|FFT) error|(CUBLAS|CUDNN)_STATUS")

CONTEXT_BYTES = 600 << 20
"""What a process is taken to hold of a card beside what torch reserves: CUDA's context, the code of
its libraries. `crossgen profile` measures the real figure."""


def kind_of(error: BaseException) -> str:
    """Return "out_of_memory", "device" or "" for an exception or the one that it came from.

    "device" is a CUDA error after which every call of this process fails: it must end.
    """
    cause: BaseException | None = error
    while cause is not None:
        if is_out_of_memory(cause):
            return "out_of_memory"
        if type(cause).__name__ == "AcceleratorError" or ON_DEVICE.search(str(cause)):
            return "device"
        cause = cause.__cause__
    return ""


def shows_gpu() -> bool:
    """Return whether this machine has a CUDA device for its processes, asking its files alone."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = visible is not None and visible.strip() in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))


def cap_memory(share: float) -> None:
    """Bound this process to its share of the card: its neighbours count on theirs.

    Its own part of CUDA is of the share, too, and torch is bound to the rest.
    """
    if not 0.0 < share < 1.0:
        return
    import torch

    if torch.cuda.is_available():
        device = torch.cuda.current_device()
        total = torch.cuda.get_device_properties(device).total_memory
        own = share * total
        torch.cuda.set_per_process_memory_fraction(max(own - CONTEXT_BYTES, own / 2) / total)


def release_memory() -> None:
    """Leave a clean process to the next trial: Ray's actors are reused."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        with contextlib.suppress(RuntimeError):  # after a CUDA error everything raises, also this
            torch.cuda.empty_cache()
