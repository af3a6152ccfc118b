"""The most memory that a stretch of work took: of the GPU that torch uses, or of this process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_RESET_PEAK = "5"
"""What Linux takes, written to clear_refs, as the wish to begin VmHWM anew (proc(5))."""


class PeakMemory:
    """Measures from where it is made.

    Args:
        device: where the work computes. Of a GPU what torch reserves counts, without CUDA's context
            and without the code of its libraries; on a CPU the memory of the whole process.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._is_known = True
        if device.type == "cuda":
            import torch

            torch.cuda.empty_cache()  # what earlier work left behind is no need of this one
            torch.cuda.reset_peak_memory_stats(device)
        else:
            self._is_known = _begin_resident_peak()

    def bytes(self) -> int | None:
        """The peak so far; None where this machine does not tell."""
        if self._device.type == "cuda":
            import torch

            return int(torch.cuda.max_memory_reserved(self._device))
        return _resident_peak() if self._is_known else None


def _begin_resident_peak() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def _resident_peak() -> int | None:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else None
