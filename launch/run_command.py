"""`crossgen run`: publish the trials that are left, run them, say how it ended."""

from __future__ import annotations

from functools import partial

from rich.console import Console

from grid import records
from grid.plan import is_done, make_trials
from launch.desk import Desk
from launch.show_plan import print_plan


def run_missing(desk: Desk, *, ray: bool, slots: int | None, attempts: int) -> int:
    """Run what is missing and return the exit code.

    Neither torch nor ray is loaded when there is nothing to do.
    """
    console = Console(stderr=True)
    desk.store.check_writable()
    trials = make_trials(desk.plan, desk.store)
    if not trials:
        print_plan(desk)
        return 0
    from grid.attempt import attempt_trial, record_lost
    from grid.run import RunOptions, exit_code

    options = RunOptions(attempts=attempts, slots=slots)
    done, committed = partial(is_done, desk.store), partial(_committed, desk)
    if ray:
        from grid.driver import run_on_ray

        result = run_on_ray(
            trials,
            attempt=attempt_trial,
            is_done=done,
            is_committed=committed,
            record_lost=partial(record_lost, desk.store),
            options=options,
        )
    else:
        from grid.local import run_here

        result = run_here(
            trials, attempt=attempt_trial, is_done=done, is_committed=committed, options=options
        )
    code = exit_code(result)
    words = {
        0: "done",
        75: "unfinished: run the same command to go on",
        1: "something failed and nothing else is left to run; `crossgen status` says what",
        3: f"the store cannot be written: {result.store_error}",
    }
    console.print(words[code], style="green" if code == 0 else "bold red", highlight=False)
    for fit_id, reason in result.failed.items():
        console.print(f"  {fit_id}: {reason}", highlight=False)
    return code


def _committed(desk: Desk, fit_id: str) -> bool:
    return records.read_commit(desk.store, fit_id) is not None
