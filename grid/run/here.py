"""The loop without Ray: trials one after the other in this process, same queue, same signals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial

from grid.run.books import IsCommitted, IsDone, Run
from grid.run.display import progress_on
from grid.run.progress import Progress
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult
from grid.run.schedule import Issue
from grid.run.shares import Share
from grid.run.stopping import StopSignals, stop_signals
from grid.store.patience import Patience
from grid.trial.contract import Attempt, Trial


def run_here(
    trials: Sequence[Trial],
    *,
    attempt: Attempt,
    is_done: IsDone,
    is_committed: IsCommitted | None = None,
    options: RunOptions | None = None,
    progress: Progress | None = None,
    share_taken: Callable[[Trial], Share] | None = None,
    patience: Patience | None = None,
) -> RunResult:
    """Run the trials in this process and thread.

    Shares are ignored (a trial has the machine, but for the GPU where it asks for none), so one
    that runs out of memory is retried like any other failure. A killed process needs no record: the
    next run finds what is committed.

    Args:
        trials: What is wanted minus what is committed.
        attempt: Runs one trial; it returns an outcome and raises only to end the process.
        is_done: Reads from the store whether nothing of the trial is missing.
        is_committed: Reads whether a fit is committed, so that trials which wait for it need
            not wait for its scores as well.
        options: See `RunOptions`.
        progress: Where to tell; stderr by default.
        share_taken: What a trial takes of this machine, for the account; asked when it begins.
        patience: What `is_done` and `is_committed` have with the store; it learns here what
            ends its waiting and who is told.

    Raises:
        ValueError: Trials that no schedule could finish, see `Schedule`.
    """
    options = options or RunOptions()
    progress = progress or progress_on(heartbeat_s=options.heartbeat_s)
    with stop_signals() as stop, progress:
        run = Run(
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
            while (issue := run.next()) is not None:
                attempt_here(run, issue, attempt, stop)
        except KeyboardInterrupt as interrupt:  # the second signal
            stop.request(str(interrupt) or "SIGINT")
        finally:
            stop.ignore_further()
        return run.result()


def attempt_here(run: Run, issue: Issue, attempt: Attempt, stop: StopSignals) -> None:
    """Run a trial once, in this thread, and tell the books how it ended."""
    fit_id = issue.trial.fit_id
    run.started(fit_id)
    spec = json.loads(json.dumps(issue.trial.spec))  # as it would arrive by Ray
    outcome = attempt(spec, partial(run.reported, fit_id), stop)
    run.ended(fit_id, outcome)
    if outcome.kind == "device":
        stop.request("the GPU's error: only a new process can use it again")
