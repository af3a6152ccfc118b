"""One attempt at a trial: whatever goes wrong becomes a record in the store, never a number."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from data.decode import ImageChanged, UnreadableImage
from grid.commits import WeightsChanged
from grid.execute import run_trial
from grid.failures import failure_of, recent_log, write_failure
from grid.store import Store, StoreUnwritable, open_store
from grid.trial import LostAttempt, Report, Stop, Trial

State = Literal["done", "stopped", "failed", "store"]


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. `store` means that the store cannot be written: nobody can go on."""

    state: State
    kind: str = ""
    message: str = ""
    seconds: float = 0.0


def new_attempt_id() -> str:
    """Return an id that no other attempt, on any host, ever has."""
    return uuid.uuid4().hex[:12]


def attempt_trial(
    spec: Mapping[str, Any],
    report: Report,
    stop: Stop,
) -> Outcome:
    """Run a trial once, in this process; a failure is recorded in the store and returned.

    Only KeyboardInterrupt and SystemExit leave it as exceptions.
    """
    attempt = new_attempt_id()
    started = time.monotonic()
    with recent_log() as log:
        try:
            done = run_trial(spec, attempt, report, stop)
            return Outcome("done" if done else "stopped", seconds=time.monotonic() - started)
        except StoreUnwritable as error:
            return Outcome("store", "store", str(error), time.monotonic() - started)
        except Exception as error:  # any trial may fail in any way; the grid goes on
            kind = _kind(error)
            message = f"{type(error).__name__}: {error}"
            try:
                write_failure(
                    open_store(spec["store"]),
                    failure_of(
                        error,
                        fit_id=spec["fit_id"],
                        attempt=attempt,
                        kind=kind,
                        log_tail=log.lines(),
                        image_ids=_image_ids(error),
                    ),
                )
            except StoreUnwritable as unwritable:
                return Outcome("store", "store", str(unwritable), time.monotonic() - started)
            return Outcome("failed", kind, message, time.monotonic() - started)
        finally:
            _release_memory()


def record_lost(store: Store, trial: Trial, lost: LostAttempt) -> None:
    """Write the failure record of an attempt whose process died before it could write one."""
    failure = failure_of(
        None,
        fit_id=trial.fit_id,
        attempt=new_attempt_id(),
        kind=lost.kind,
        message=lost.message,
        log_tail=lost.log_tail,
        log_note=lost.log_note,
        host=lost.host or None,
        pid=lost.pid or 0,
    )
    failure["traceback"] = lost.account
    write_failure(store, failure)


def _kind(error: Exception) -> str:
    if isinstance(error, UnreadableImage | ImageChanged):
        return "unreadable"
    # Of torch's and of our own torch modules the names are enough: this file needs no torch.
    if type(error).__name__ == "WeightsMismatch" or isinstance(error, WeightsChanged):
        return "weights"
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out_of_memory"
    return "error"


def _image_ids(error: Exception) -> list[str]:
    image_id = getattr(error, "image_id", None)
    return [image_id] if image_id else []


def _release_memory() -> None:
    """Leave a clean process to the next trial: Ray's actors are reused."""
    import gc
    import sys

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
