"""Under which conditions a training ran, where two attempts at one fit differ, and what follows.

A training is repeatable bit for bit under the same conditions only. What is decided here:

    threads, version of the training loop    a checkpoint of others is not resumed, unless asked for
    CPU type, device, packages, our code     resumed; the commit warns of it
    host                                     resumed; it is only noted
    not known (written by an older version)  resumed; the commit warns of it
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from grid.records.training_warnings import RESUMED_OTHERWISE, RESUMED_UNKNOWN, warning

Conditions = Mapping[str, Any]

NOT_RESUMED = ("threads", "training_version")
"""Their change is ours or the file's to undo, and a fit half and half would be no sample of either:
one and two threads gave AUC .70 and .74."""

WARNED_OF = ("cpu", "device", "code")
PACKAGES_THAT_COMPUTE = ("torch", "torchvision", "timm", "numpy", "pillow")


def differing(then: Conditions, now: Conditions) -> dict[str, tuple[Any, Any]]:
    """Return (then, now) of the conditions that can move a logit, where both are known and differ.

    A package is named by itself, not as `packages`.
    """
    before, after = _flat(then), _flat(now)
    return {
        name: (before[name], after[name])
        for name in before
        if name in after and before[name] != after[name]
    }


def _flat(conditions: Conditions) -> dict[str, Any]:
    packages = conditions.get("packages") or {}
    values = {name: conditions.get(name) for name in (*NOT_RESUMED, *WARNED_OF)}
    values |= {name: packages.get(name) for name in PACKAGES_THAT_COMPUTE}
    return {name: value for name, value in values.items() if value is not None}


def why_not_resumed(attempts: Sequence[Conditions], now: Conditions) -> str:
    """Return why a checkpoint is not gone on from unless it is asked for, in words; "" where it is.

    Args:
        attempts: those that it is the work of. The last one counts: what came before it was
            resumed by it, and asked for.
        now: conditions of today, of which those are enough that nothing is resumed over.
    """
    if not attempts:
        return ""
    changed = differing(attempts[-1], now)
    return "; ".join(
        f"{name} {then} then, {now} now"
        for name, (then, now) in changed.items()
        if name in NOT_RESUMED
    )


def changes(attempts: Sequence[Conditions]) -> list[str]:
    """Return what changed from attempt to attempt, in words, in order."""
    known = [attempt for attempt in attempts if _flat(attempt)]
    return [
        f"{name} {then} until step {later['from_step']}, then {now}"
        for before, later in itertools.pairwise(known)
        for name, (then, now) in differing(before, later).items()
    ]


def resume_warnings(attempts: Sequence[Conditions]) -> list[str]:
    """Return the warnings of a fit for its commit: none where all attempts were alike."""
    warnings = []
    if found := changes(attempts):
        text = (
            f"{'; '.join(found)}. An uninterrupted training may give other numbers; "
            "`crossgen verify` says by how much."
        )
        warnings.append(warning(RESUMED_OTHERWISE, text))
    unknown = [attempt for attempt in attempts if not _flat(attempt)]
    if unknown:
        text = (
            f"the checkpoint of step {unknown[-1]['to_step']} is of a version that did not note "
            "them. `crossgen verify` says whether an uninterrupted training gives the same numbers."
        )
        warnings.append(warning(RESUMED_UNKNOWN, text))
    return warnings
