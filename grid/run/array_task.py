"""One task of an array: its own share of the plan first, then what nobody else is at work on.

Tasks know each other by the store alone. Whatever they believe of each other, results are the same:
the store is asked before each trial whether it is done, and the first commit wins.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from grid.run.array_run import ArrayRun
from grid.run.books import IsCommitted, IsDone
from grid.run.claims import Claims, Standing
from grid.run.display import progress_on
from grid.run.here import attempt_here
from grid.run.progress import Progress
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult
from grid.run.schedule import Issue
from grid.run.shares import Share
from grid.run.stopping import StopSignals, stop_signals
from grid.store.patience import Patience
from grid.trial.contract import Attempt, Trial

MOVES_PER_STALE = 6
"""A counter moves so many times in the time after which a claim is stale."""

SHORTEST_S = 0.05


def run_array_task(
    trials: Sequence[Trial],
    *,
    own: Collection[str],
    claims: Claims,
    attempt: Attempt,
    is_done: IsDone,
    is_committed: IsCommitted,
    options: RunOptions | None = None,
    progress: Progress | None = None,
    share_taken: Callable[[Trial], Share] | None = None,
    patience: Patience | None = None,
) -> RunResult:
    """Run trials in this process and thread beside other tasks of the same array.

    It ends when nothing is left that it may take: all is done, or others are at work on the rest.

    Args:
        trials: Of all tasks: what is wanted minus what is committed.
        own: Fits of this task's share: they come first, and it waits for their parents.
        claims: Of this task.
        attempt: Runs one trial; see `grid.run.here.run_here`, for the rest too.
        is_done: Reads from the store whether nothing of a trial is missing.
        is_committed: Reads from the store whether a fit is committed.
        options: See `RunOptions`.
        progress: Where to tell; stderr by default.
        share_taken: What a trial takes of this machine, for the account.
        patience: What looking into the store has with it; see `run_here`.
    """
    options = options or RunOptions()
    progress = progress or progress_on(heartbeat_s=options.heartbeat_s)
    with stop_signals() as stop, progress, _moving(claims):
        run = ArrayRun(
            trials,
            is_done=is_done,
            is_committed=is_committed,
            options=options,
            progress=progress,
            stop=stop,
            share_taken=share_taken,
            patience=patience,
        )
        try:
            for issue in turns(run, claims, own):
                if issue is None:
                    _pause(run, stop, claims)
                else:
                    attempt_here(run, issue, attempt, stop)
                    settle(run, claims, issue.trial.fit_id)
        except KeyboardInterrupt as interrupt:  # the second signal
            stop.request(str(interrupt) or "SIGINT")
        except OSError as error:  # the store cannot be read
            run.lose_store(error)
        finally:
            stop.ignore_further()
            claims.drop_all()
        return run.result()


def turns(run: ArrayRun, claims: Claims, own: Collection[str]) -> Iterator[Issue | None]:
    """Give the trials that a task runs, one after the other; None where it must wait a moment.

    Whoever asks says how each ended, by `settle`, before it asks for the next. At the end nothing
    is left, or all that is left is in others' hands and the run says so.

    Raises:
        OSError: the store cannot be read.
    """
    while not run.over:
        run.release_parents()
        others = claims.claimed_by_others()
        issue = _unclaimed(run, claims, own, others)
        if issue is not None:
            yield issue
            continue
        ready = run.schedule.queue()
        claimed = {fit_id: runs for fit_id in ready if (runs := others.get(fit_id))}
        standings = claims.standings(claimed)
        issue = _taken_over(run, claims, claimed, standings)
        if issue is not None:
            yield issue
            continue
        ready = run.schedule.queue()
        # What was free a moment ago and could not be had will show its counter, or go.
        unsure = [f for f in ready if standings.get(f, _NEW)[0] is not Standing.MOVING]
        children = set(run.schedule.ids("waiting")) & set(own)
        if not unsure and not children:
            run.leave_to_others()
            return
        yield None


_NEW = (Standing.UNKNOWN, "")


def settle(run: ArrayRun, claims: Claims, fit_id: str) -> None:
    """Say on the board what became of a trial: a claim on one that is tried again here stays."""
    state = run.schedule.state(fit_id)
    if state == "failed":
        claims.give_up(fit_id, run.schedule.reason(fit_id))
    elif state == "done" or run.stop():
        claims.drop(fit_id)


def _unclaimed(
    run: ArrayRun, claims: Claims, own: Collection[str], others: dict[str, set[str]]
) -> Issue | None:
    """Return the first trial that no other claims and that is not done, this task's share first."""
    for fit_id in sorted(run.schedule.queue(), key=lambda fit_id: fit_id not in own):
        if run.over:
            return None
        if fit_id in others or run.found_done(fit_id):
            continue
        if claims.holds(fit_id) or claims.take(fit_id):
            return run.schedule.take(fit_id)
    return None


def _taken_over(
    run: ArrayRun,
    claims: Claims,
    claimed: dict[str, set[str]],
    standings: dict[str, tuple[Standing, str]],
) -> Issue | None:
    """Return the first trial whose claimants are gone; give up what others found to fail."""
    for fit_id, (standing, reason) in standings.items():
        if run.over:
            return None
        if run.schedule.state(fit_id) != "ready" or run.found_done(fit_id):
            continue
        if standing is Standing.GIVEN_UP:
            run.given_up_elsewhere(fit_id, reason)
        elif standing is Standing.FREE and claims.take(fit_id, gone=claimed[fit_id]):
            return run.schedule.take(fit_id)
    return None


def _pause(run: ArrayRun, stop: StopSignals, claims: Claims) -> None:
    """Wait until others' counters may have moved; a stop ends it."""
    end = time.monotonic() + max(SHORTEST_S, claims.stale_s / 10 * claims.pace)
    while not stop() and (left := end - time.monotonic()) > 0:
        run.progress.tick()
        time.sleep(min(left, 0.5))


@contextmanager
def _moving(claims: Claims) -> Iterator[None]:
    """Move the counters by a thread: the main one may stand in a long step."""
    over = threading.Event()

    def move() -> None:
        while not over.wait(max(SHORTEST_S, claims.stale_s / MOVES_PER_STALE)):
            claims.move()

    thread = threading.Thread(target=move, name="crossgen-claims", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
