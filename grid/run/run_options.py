"""What a run is asked for, with or without Ray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from grid.run.hours_budget import HoursBudget
from grid.run.run_account import RunAccount


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run; nothing of it enters an identity.

    Attributes:
        attempts: Failures after which a trial is given up, in this run.
        slots: CPUs of a cluster of our own; None: all of this machine's. A cluster that is
            joined brings its own.
        grace_s: Seconds that trials have for their checkpoints after the first stop signal.
        heartbeat_s: Seconds between lines of progress where there is no terminal.
        patience_s: Seconds for which a store that is full or out of reach is waited for.
        before_leaving: Of a command, whose process may be left at once: what it does with the name
            of a signal that comes while Ray starts, before it exits with 75. None, in a person's
            Python: such a signal raises KeyboardInterrupt.
        account: Told what happens, for who asks from another thread.
        budget: Hours that may be spent; None for no limit.
    """

    attempts: int = 3
    slots: int | None = None
    grace_s: float = 60.0
    heartbeat_s: float = 60.0
    patience_s: float = 0.0
    before_leaving: Callable[[str], None] | None = None
    account: RunAccount = field(default_factory=RunAccount)
    budget: HoursBudget | None = None
