"""How a person wants a run to go; nothing of it enters an identity."""

from __future__ import annotations

from dataclasses import dataclass

from launch.task_share import TaskShare

STALE_S = 120.0
"""Six signs of life of a task, and what a slow store may hold back."""


@dataclass(frozen=True, kw_only=True)
class RunChoices:
    """What `crossgen run` is asked besides which trials.

    Attributes:
        ray: on Ray Tune; else one trial after the other, in this process.
        slots: trials at a time on this machine; None for one per core.
        attempts: failures after which a trial is given up, in this run.
        resume_anyway: go on from checkpoints of other threads or another training loop, too.
        debug: without Ray: raise the first exception of a trial, once it is recorded.
        task: without Ray: be this task of an array, beside others on the same store.
        stale_after_s: as a task: seconds without a sign after which another's trial is taken over.
        budget_hours: hours that the experiment may spend over all its runs; None for no limit.
    """

    ray: bool = True
    slots: int | None = None
    attempts: int = 3
    resume_anyway: bool = False
    debug: bool = False
    task: TaskShare | None = None
    stale_after_s: float = STALE_S
    budget_hours: float | None = None
