"""How a person wants a run to go; nothing of it enters an identity."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunChoices:
    """What `crossgen run` is asked besides which trials.

    Attributes:
        ray: on Ray Tune; else one trial after the other, in this process.
        slots: trials at a time on this machine; None for one per core.
        attempts: failures after which a trial is given up, in this run.
        resume_anyway: go on from checkpoints of other threads or another training loop, too.
        debug: without Ray: raise the first exception of a trial, once it is recorded.
    """

    ray: bool = True
    slots: int | None = None
    attempts: int = 3
    resume_anyway: bool = False
    debug: bool = False
