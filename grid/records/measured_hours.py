"""What committed trainings took of their machines: share x time, by provenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from grid.records.commits import Commit

CPU = "cpu"
"""What a fit's provenance calls its device where that was no GPU."""


class TrainingHours(NamedTuple):
    """Hours of GPUs and of CPU slots that a training took, in the attempts that made its fit."""

    gpu: float
    cpu: float


def training_hours(commit: Commit, provenance: Mapping[str, Any]) -> TrainingHours | None:
    """Return what a fit's training took; None where its provenance names no device.

    Provenance of earlier versions tells no share: a GPU then counts as a whole one, as does a slot.
    """
    device = provenance.get("device")
    if not device:
        return None
    share = provenance.get("share") or {}
    hours = commit["seconds"] / 3600.0
    gpu = 0.0 if device == CPU else float(share.get("gpu") or 1.0)
    return TrainingHours(gpu * hours, float(share.get("cpu") or 1.0) * hours)
