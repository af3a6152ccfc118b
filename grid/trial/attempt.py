"""One attempt at a trial: whatever goes wrong becomes a record in the store, never a number."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

from data.decode import ImageChanged, UnreadableImage
from data.staged_images import WRONG_COPIES
from detectors.lasting_errors import TrainingDiverged, UnknownPart, WeightsMismatch
from detectors.loader_cpus import take_cpus
from detectors.memory_limits import take_share
from grid.records.commits import WeightsChanged
from grid.records.failures import RecentLog, failure_of, recent_log, write_failure
from grid.records.proven.json_records import CorruptRecord
from grid.records.scores.score_reading import ForeignScores
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing
from grid.store.opening import open_store
from grid.store.patience import Patience, PatientStore
from grid.trial.contract import LostAttempt, Report, Stop, Trial
from grid.trial.device import CPU
from grid.trial.execute import run_trial
from grid.trial.gpu import cap_memory, kind_of, release_memory
from grid.trial.network import WeightsLost
from grid.trial.shared_store import require_shared
from grid.trial.spec import TrialSpec
from grid.trial.visible_images import ImagesNotSeen

log = logging.getLogger(__name__)

State = Literal["done", "stopped", "failed", "store", "elsewhere"]


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. `store` means that the store failed: nobody can go on.

    `elsewhere` is the end of an attempt on a node that does not see the images, for a driver that
    has others; `stopped` with a message is one that was stopped while it waited for its store.
    """

    state: State
    kind: str = ""
    message: str = ""


def new_attempt_id() -> str:
    """Return an id that no other attempt, on any host, ever has."""
    return uuid.uuid4().hex[:12]


def attempt_trial(
    spec: Mapping[str, Any],
    report: Report,
    stop: Stop,
    *,
    token: str | None = None,
    raises: bool = False,
    patience_s: float = 0.0,
) -> Outcome:
    """Run a trial once, in this process; a failure is recorded in the store and returned.

    Only KeyboardInterrupt and SystemExit leave it as exceptions, unless `raises`.

    Args:
        spec: A `TrialSpec`, as plain values, with the `share` that a scheduler gave this attempt.
        report: Told about progress.
        stop: Asked at every step.
        token: Key of a file by which the driver's store is known, see `grid.trial.shared_store`.
        raises: Raise a failure, once it is recorded, for a debugger.
        patience_s: Seconds for which the trial waits for a store that is full or out of reach, with
            what it has in memory.
    """
    attempt = new_attempt_id()
    share = spec.get("share", {})
    given = dict(spec)
    if share.get("gpu") == 0:  # on Ray: a share without a GPU must not use one that is visible
        given["device"] = CPU
    trial = cast(TrialSpec, given)
    patience = Patience(patience_s, stop, partial(_tell_of_outage, report))
    store = PatientStore(open_store(trial["store"]), patience)
    with recent_log() as tail:
        try:
            log.info("%s: attempt %s begins", spec["fit_id"], attempt)
            if token is not None:
                require_shared(store, token)
            cap_memory(share.get("gpu", 0.0))
            take_share(share.get("node", 1.0))
            take_cpus(share.get("cpus"))
            done = run_trial(trial, attempt, report, stop, store)
            return Outcome("done" if done else "stopped")
        except ImagesNotSeen as error:
            if token is None:
                return _recorded(error, trial["fit_id"], store, stop, attempt, tail)
            return Outcome("elsewhere", "", str(error))
        except Exception as error:  # any trial may fail in any way; the grid goes on
            outcome = _recorded(error, trial["fit_id"], store, stop, attempt, tail)
            if raises:
                raise
            return outcome
        finally:
            release_memory()
            if wrong := WRONG_COPIES.to_tell():
                log.warning(wrong)
                report({"phase": "copies", "note": wrong})


def _tell_of_outage(report: Report, outage: str) -> None:
    """Say what is waited for, or that it goes on: other phases, so that both are passed on."""
    report({"phase": "waits" if outage else "goes on", "outage": outage})


def _recorded(
    error: Exception, fit_id: str, store: Store, stop: Stop, attempt: str, tail: RecentLog
) -> Outcome:
    """Write the record of a failure, where it is the trial's, and return how the attempt ended."""
    if isinstance(error, StoreError) and _is_the_stores(error):
        return _without_store(error, stop)
    kind = _kind(error)
    failure = failure_of(
        error,
        fit_id=fit_id,
        attempt=attempt,
        kind=kind,
        log_tail=tail.lines(),
        image_ids=_image_ids(error),
    )
    try:
        write_failure(store, failure)
    except StoreError as unwritable:
        return _without_store(unwritable, stop)
    return Outcome("failed", kind, f"{type(error).__name__}: {error}")


def _without_store(error: StoreError, stop: Stop) -> Outcome:
    """A stop in the midst of an outage is a stop: another run goes on from the last checkpoint."""
    if error.passing and stop():
        return Outcome("stopped", "store", f"stopped without a last checkpoint: {error}")
    return Outcome("store", "store", str(error))


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


def _is_the_stores(error: Exception) -> bool:
    """A store that fails is no trial's fault; what is missing or wrong in it may be one's own."""
    content = StoreMissing | CorruptRecord | ForeignScores
    return isinstance(error, StoreError) and not isinstance(error, content)


def _kind(error: Exception) -> str:
    if isinstance(error, UnreadableImage | ImageChanged):
        return "unreadable"
    if isinstance(error, WeightsMismatch | WeightsChanged | WeightsLost | UnknownPart):
        return "weights"
    if isinstance(error, TrainingDiverged):
        return "diverged"
    return kind_of(error) or "error"


def _image_ids(error: Exception) -> list[str]:
    others = [other.image_id for other in getattr(error, "others", ())]
    named = [getattr(error, "image_id", ""), *others]
    return [image_id for image_id in dict.fromkeys(named) if image_id]
