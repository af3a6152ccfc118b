"""What a training took of a GPU's memory, left for later runs to pack their trials by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grid.records.memory_profiles import add_profile, memory_profile
from grid.store.base import Store
from grid.trial.device import CPU
from grid.trial.spec import TrialSpec


def leave_profile(store: Store, spec: TrialSpec, facts: Mapping[str, Any]) -> None:
    """Let later runs know what a training took of a GPU, where nothing alike was measured on one.

    Args:
        store: gets the profile.
        spec: of the trial; one of an earlier version does not say what its memory depends on.
        facts: the attempt's provenance, with the peak of its memory.
    """
    work, peak = spec.get("memory_work"), facts.get("peak_memory_bytes")
    if work is None or peak is None or facts["device"] == CPU:
        return
    profile = memory_profile(
        work,
        device=facts["device"],
        made_by=spec["fit_id"],
        host=facts["host"],
        torch=facts["packages"].get("torch", ""),
        training_bytes=peak,
    )
    add_profile(store, profile)
