"""What a repetition owes: equal numbers, or only to tell how far it came from them.

Two questions that one tolerance cannot answer. The same weights scored again give the same logits
but for the last bits, on any device. A training repeated gives them where nothing in it is left to
chance: on a CPU; on a GPU with `deterministic: true`, on the same kind of GPU. Elsewhere the order
in which a GPU adds moves the first step by a bit and the last by as much as another seed would.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from grid.trial.device import CPU

# Design, "Equal": bit for bit on one CPU type; on GPU and for other groupings of a batch, this.
TOLERANCE = 1e-4


def within_tolerance(then: npt.NDArray[np.float64], now: npt.NDArray[np.float64]) -> bool:
    """Say whether logits are equal but for |difference| <= TOLERANCE * max(1, |logit|)."""
    return bool((np.abs(then - now) <= TOLERANCE * np.maximum(1, np.abs(then))).all())


def training_must_repeat(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Decide from two provenances of a fit whether its trainings must give equal numbers.

    Args:
        then: of the stored fit. What it does not say of devices, as one of an earlier version may,
            counts as a CPU.
        now: of the repetition.
    """
    if trained_on_cpu(then) and trained_on_cpu(now):
        return True
    recipe = then.get("spec", {}).get("recipe") or {}
    devices = _devices(then) | _devices(now)
    return bool(recipe.get("deterministic", False)) and len(devices) == 1


def trained_on_cpu(provenance: Mapping[str, Any]) -> bool:
    """Say whether no attempt at a fit used a GPU."""
    return _devices(provenance) == {CPU}


def _devices(provenance: Mapping[str, Any]) -> set[str]:
    """Return the devices of all attempts whose work the fit is."""
    attempts = provenance.get("attempts") or [provenance]
    return {attempt.get("device") or CPU for attempt in attempts}
