"""Which device a trial computes on, and what it is called where numbers tell of their making."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal

CPU = "cpu"


def trial_device(spec: Mapping[str, Any]) -> Literal["cpu", "cuda"]:
    """Return where a trial computes: on the GPU of this process, where it has one and may use it.

    A trial that asks for no GPU (`resources: {npr: {gpu: 0}}`) runs on the CPU beside one too:
    its spec says `device: cpu`. Nothing of CUDA is started for it.
    """
    if spec.get("device") == CPU:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def device_name(spec: Mapping[str, Any]) -> str:
    """Return what a trial's device is called: "cpu", or the name of the GPU.

    Does not load torch: where nothing has, nothing was computed on a GPU.
    """
    torch = sys.modules.get("torch")
    if torch is None or trial_device(spec) == CPU:
        return CPU
    return str(torch.cuda.get_device_name())
