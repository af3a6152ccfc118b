"""What a GPU asks of the process of a trial; on a CPU nothing of it imports torch."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
from pathlib import Path

OUT_OF_MEMORY = re.compile(
    r"out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUBLAS_STATUS_NOT_INITIALIZED"
    r"|CUDNN_STATUS_ALLOC_FAILED|CUFFT_ALLOC_FAILED|CUDNN_STATUS_\w*ALLOCATION_FAILED"
)
"""The libraries take memory of their own; a cuBLAS handle that cannot be made is a full card."""

ON_DEVICE = re.compile(r"CUDA (error|out of memory)|cu(DNN|FFT) error|(CUBLAS|CUDNN)_STATUS")


def kind_of(error: BaseException) -> str:
    """Return "out_of_memory", "device" or "" for an exception or the one that it came from.

    "device" is a CUDA error after which every call of this process fails: it must end.
    """
    cause: BaseException | None = error
    while cause is not None:
        name, text = type(cause).__name__, str(cause)
        on_device = name in ("OutOfMemoryError", "AcceleratorError") or ON_DEVICE.search(text)
        if isinstance(cause, MemoryError) or name == "OutOfMemoryError":
            return "out_of_memory"
        if on_device:
            return "out_of_memory" if OUT_OF_MEMORY.search(text) else "device"
        cause = cause.__cause__
    return ""


def shows_gpu() -> bool:
    """Return whether this machine has a CUDA device for its processes, asking its files alone."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = visible is not None and visible.strip() in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))


def cap_memory(share: float) -> None:
    """Bound this process to its share of the card: its neighbours count on theirs."""
    if not 0.0 < share < 1.0:
        return
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(share)


def release_memory() -> None:
    """Leave a clean process to the next trial: Ray's actors are reused."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        with contextlib.suppress(RuntimeError):  # after a CUDA error everything raises, also this
            torch.cuda.empty_cache()
