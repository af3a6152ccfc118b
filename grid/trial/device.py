"""Which device a trial computes on, and what it is called where numbers tell of their making."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grid.trial.spec import TrialSpec

if TYPE_CHECKING:
    import torch

CPU = "cpu"


def trial_device(spec: TrialSpec) -> Literal["cpu", "cuda"]:
    """Return where a trial computes: on the GPU of this process, where it has one and may use it.

    A trial that asks for no GPU (`resources: {npr: {gpu: 0}}`) runs on the CPU beside one too:
    its spec says `device: cpu`. Nothing of CUDA is started for it.
    """
    if spec.get("device") == CPU:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def device_name(spec: TrialSpec) -> str:
    """Return what a trial's device is called: "cpu", or the name of the GPU.

    Does not load torch: where nothing has, nothing was computed on a GPU.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return CPU
    return name_of(torch.device(trial_device(spec)))


def name_of(device: torch.device) -> str:
    """Return "cpu", or the name of a GPU."""
    import torch

    return CPU if device.type == CPU else str(torch.cuda.get_device_name(device))


def single_device(provenance: Mapping[str, Any]) -> str | None:
    """Return the device on which a fit was made, None where it is not known or was several."""
    attempts = provenance.get("attempts") or [provenance]
    found = {attempt.get("device") for attempt in attempts}
    return found.pop() if len(found) == 1 else None


def expected_device(*, asks_for_no_gpu: bool, root: Path = Path("/")) -> str | None:
    """Return the device that a trial will run on, as `device_name` will call it; None if unknown.

    Asked by `plan`, so without torch: a driver's files tell which GPUs are here. Which ones the
    nodes of a cluster have is not looked at.

    Args:
        asks_for_no_gpu: its file says `gpu: 0`.
        root: of the file system.
    """
    if asks_for_no_gpu:
        return CPU
    if os.environ.get("RAY_ADDRESS"):
        return None
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return CPU
    described = [
        line.partition(":")[2].strip()
        for file in root.glob("proc/driver/nvidia/gpus/*/information")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("Model:")
    ]
    if described:
        return described[0] if len(set(described)) == 1 else None
    has_one = any(root.glob("dev/nvidia[0-9]*")) or (root / "dev/kfd").exists()
    return None if has_one else CPU
