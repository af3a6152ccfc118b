"""Errors that say that memory is full, by which library they may be raised. Imports no torch."""

from __future__ import annotations

import re

OUT_OF_MEMORY = re.compile(
    r"out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUBLAS_STATUS_NOT_INITIALIZED"
    r"|CUDNN_STATUS_ALLOC_FAILED|CUFFT_ALLOC_FAILED|CUDNN_STATUS_\w*ALLOCATION_FAILED"
    r"|DefaultCPUAllocator: (?:can't allocate|not enough) memory"
)
"""The libraries take memory of their own; a cuBLAS handle that cannot be made is a full card."""


class ShareTooSmall(MemoryError):
    """A GPU has room for an image, and this process's share of it has not."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory is full, by its own words."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and bool(OUT_OF_MEMORY.search(str(error)))
