"""Trials handed to Ray Tune, or run one after the other in this process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import cast

from grid.plan.gpu_needs import known_memory
from grid.plan.plan import is_done
from grid.records.commits import read_commit
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult
from grid.run.shares import Share
from grid.store.base import Store
from grid.store.patience import Patience, PatientStore
from grid.trial.contract import Trial
from grid.trial.device import CPU
from grid.trial.shared_store import store_token
from grid.trial.spec import TrialSpec
from launch.claim_board import StoreBoard
from launch.current_job import current_job, current_restart


def run_trials_on_ray(store: Store, trials: Sequence[Trial], options: RunOptions) -> RunResult:
    """Run trials on Ray; see `grid.run.on_ray.driver.run_on_ray` for what it raises."""
    from grid.run.on_ray.driver import run_on_ray
    from grid.trial.attempt import attempt_trial, record_lost

    patience = Patience(options.patience_s)
    patient = PatientStore(store, patience)
    with store_token(store) as token:
        return run_on_ray(
            trials,
            attempt=partial(attempt_trial, token=token, patience_s=options.patience_s),
            is_done=partial(is_done, patient),
            is_committed=partial(_committed, patient),
            record_lost=partial(record_lost, patient),
            options=options,
            patience=patience,
            memory_of=partial(known_memory, store),
        )


def run_trials_here(
    store: Store, trials: Sequence[Trial], options: RunOptions, *, debug: bool = False
) -> RunResult:
    """Run trials one after the other, without Ray.

    Raises:
        TrialRaised: with `debug`, the first exception of a trial, once it is recorded.
    """
    from grid.run.here import run_here
    from grid.trial.attempt import attempt_trial
    from launch.trial_raised import attempt_or_raise

    patience = Patience(options.patience_s)
    patient = PatientStore(store, patience)
    attempt = partial(attempt_trial, patience_s=options.patience_s)
    return run_here(
        trials,
        attempt=attempt_or_raise if debug else attempt,
        is_done=partial(is_done, patient),
        is_committed=partial(_committed, patient),
        options=options,
        share_taken=_share_here,
        patience=patience,
    )


def run_trials_of_task(
    store: Store,
    trials: Sequence[Trial],
    options: RunOptions,
    *,
    own: Collection[str],
    run: str,
    stale_s: float,
) -> RunResult:
    """Run trials as one task of an array, in this process.

    Args:
        store: shared by all tasks.
        trials: what is missing, of all tasks.
        options: how to run.
        own: fits of this task's share.
        run: id of this run.
        stale_s: seconds after which a claim whose counter stands is nobody's.
    """
    from grid.run.array_task import run_array_task
    from grid.run.claims import Claims
    from grid.trial.attempt import attempt_trial

    patience = Patience(options.patience_s)
    patient = PatientStore(store, patience)
    claims = Claims(
        StoreBoard(store, patient),
        run=run,
        stale_s=stale_s,
        job=current_job(),
        restart=current_restart(),
    )
    return run_array_task(
        trials,
        own=own,
        claims=claims,
        attempt=partial(attempt_trial, patience_s=options.patience_s),
        is_done=partial(is_done, patient),
        is_committed=partial(_committed, patient),
        options=options,
        share_taken=_share_here,
        patience=patience,
    )


def _share_here(trial: Trial) -> Share:
    """Return what a trial takes of this machine: without Ray nobody else shares its GPU."""
    from grid.trial.device import trial_device

    on_gpu = trial_device(cast(TrialSpec, trial.spec)) != CPU
    return Share(1.0 if on_gpu else 0.0, float(trial.resources.get("cpu", 1.0)))


def _committed(store: Store, fit_id: str) -> bool:
    return read_commit(store, fit_id) is not None
