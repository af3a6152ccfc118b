"""What came of a run, and the exit status that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grid.run.exit_codes import (
    EXIT_BUDGET,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_STORE,
    EXIT_UNFINISHED,
)


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What came of a run, by fit id; ``done`` is what the store says.

    ``failed`` holds the trials given up with the last reason, those whose parent was given up
    among them; ``unfinished`` those that another run would go on with; ``left_to_others`` those
    that other tasks of an array are at work on, or will be. ``over_budget`` says what was spent,
    where no trial was begun any more because of it, else "".
    """

    done: tuple[str, ...]
    failed: Mapping[str, str]
    unfinished: tuple[str, ...]
    left_to_others: tuple[str, ...] = ()
    stopped_by: str = ""
    over_budget: str = ""
    store_error: str | None = None
    seconds: float = 0.0


def exit_code(result: RunResult) -> int:
    """The exit status: 3 the store, 4 the budget is spent, 75 run me again, 1 failed, 0 done.

    With 4 the same command would begin nothing, whatever stopped the run besides.
    """
    if result.store_error is not None:
        return EXIT_STORE
    if result.unfinished:
        return EXIT_BUDGET if result.over_budget else EXIT_UNFINISHED
    return EXIT_FAILED if result.failed else EXIT_DONE
