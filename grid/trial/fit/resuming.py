"""Which checkpoint a fit goes on from: of all attempts the furthest that conditions allow."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from detectors.checkpoint_headers import (
    LENGTH_BYTES,
    CheckpointInvalid,
    attempts_of,
    header_bytes,
    position,
)
from detectors.training_version import TRAINING_VERSION
from grid.records.attempts import checkpoint_keys
from grid.store.base import Store
from grid.store.errors import StoreMissing
from grid.trial.fit.conditions import why_not_resumed

log = logging.getLogger(__name__)

Attempt = dict[str, Any]


@dataclass(frozen=True)
class Start:
    """Where an attempt begins: a checkpoint, or nothing."""

    checkpoint: bytes | None = None
    step: int = 0
    attempts: tuple[Attempt, ...] = ()
    """Those whose work the checkpoint is, in order: their conditions, and steps from and to."""

    def with_this(self, attempt: str, conditions: Mapping[str, Any]) -> list[Attempt]:
        """Return the attempts with the one that starts here, which does not know yet how far."""
        return [*self.attempts, {"attempt": attempt, **conditions, "from_step": self.step}]


def starts(
    store: Store, fit_id: str, conditions: Mapping[str, Any], *, resume_anyway: bool
) -> Iterator[Start]:
    """Yield where a training may start, the furthest checkpoint first, nothing at all last.

    What is torn is left out, and so is what was trained under conditions that are not resumed. One
    checkpoint is held at a time: a fit that was interrupted often has many, of gigabytes together.
    """
    found = []
    for key in checkpoint_keys(store, fit_id):
        try:
            found.append((position(store.get(key)), key))
        except StoreMissing:
            continue  # its attempt has just finished and removed it
        except CheckpointInvalid as error:
            log.warning("%s is passed over: %s", key, error)
    for _, key in sorted(found, reverse=True):
        with contextlib.suppress(StoreMissing):
            start = _start(key, store.get(key))
            why = why_not_resumed(start.attempts, conditions)
            if why and not resume_anyway:
                log.warning("%s is not resumed: %s", key, why)
                continue
            yield start
    yield Start()


def _start(key: str, data: bytes) -> Start:
    (step, _), attempts = position(data), attempts_of(data)
    if attempts:
        attempts[-1]["to_step"] = step
    else:  # of an older version: nothing is known but how far it came
        attempts = [{"attempt": key.split("/")[-2], "from_step": 0, "to_step": step}]
    return Start(data, step, tuple(attempts))


def begun_again(store: Store, checkpoints: Mapping[str, list[str]], threads: int) -> dict[str, str]:
    """Return why fits will be begun again though they have checkpoints, by fit id.

    Reads the beginning of each checkpoint, and needs no torch.

    Args:
        store: holds the checkpoints.
        checkpoints: their keys by fit id, of fits that are not committed.
        threads: of the experiment's file.
    """
    now = {"threads": threads, "training_version": TRAINING_VERSION}
    found = {}
    for fit_id, keys in checkpoints.items():
        reasons = []
        for key in keys:
            with contextlib.suppress(CheckpointInvalid, OSError):  # a trial will say so
                header = _header(store, key)
                reasons.append((position(header), why_not_resumed(attempts_of(header), now)))
        if reasons and all(why for _, why in reasons):
            found[fit_id] = max(reasons)[1]
    return found


def _header(store: Store, key: str) -> bytes:
    files, root = store.arrow_location()
    with files.open_input_file(f"{root}/{key}") as file:
        length: bytes = file.read(LENGTH_BYTES)
        # A damaged length may be any number, and that much memory would be asked for.
        header: bytes = file.read(min(header_bytes(length), file.size()) - len(length))
        return length + header
