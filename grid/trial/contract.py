"""A trial, and what one attempt at it comes to: what planner, schedulers and trials exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Report = Callable[[dict[str, Any]], None]
"""Told how far a trial is: `phase`, and the numbers of that phase; or `outage`, the store that it
waits for, "" once it goes on; or a `note` for people."""

Stop = Callable[[], bool]


SCORED_TO_TRAINED = 1 / 3
"""What scoring an image costs against training on it: a forward, of that and a backward of two."""


@dataclass(frozen=True)
class Work:
    """How much there is to do in a trial; equal kinds take equal time per amount.

    Attributes:
        kind: of network, geometry and precision.
        trained_images: over all epochs.
        scored_images: by their pixels: one of four times a training image's pixels counts four.
    """

    kind: str
    trained_images: int
    scored_images: float

    @property
    def amount(self) -> float:
        """All of it, counted in trained images."""
        return self.trained_images + SCORED_TO_TRAINED * self.scored_images


@dataclass(frozen=True, kw_only=True)
class GpuNeed:
    """What a trial takes of a GPU, as far as it was measured or is stated.

    Attributes:
        kind: Equal kinds take equal memory: of network, size of images, batch, precision.
        memory_bytes: The process's own and a margin included; None for not known.
        gpu_type: The only type of GPU that it may run on, as Ray names it ("H100"); "" for any.
    """

    kind: str = ""
    memory_bytes: int | None = None
    gpu_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One fit and the pieces it is still to be scored on: one job for a scheduler.

    Attributes:
        fit_id: The fit's identity; a run holds one trial per fit.
        label: Short, for people.
        resources: ``{"cpu": float, "gpu": float}``, shares of one node. Without ``gpu`` nothing is
            stated: as much of a GPU as it needs, where there is one; 0 means the CPU. Without
            ``cpu`` it is as many of its node's CPUs as there are for each trial.
        least_cpu: CPUs that it computes with, where ``cpu`` is not stated.
        gpu_need: What it takes of a GPU.
        work: How much there is to do; None for no idea.
        predicted_s: Expected duration in seconds, None where nothing is known.
        waits_for: The fit (a parent by ``weights: {from: ARM}``) whose commit must exist first.
        spec: Everything the attempt needs, plain JSON (it travels as text).
    """

    fit_id: str
    label: str
    resources: Mapping[str, float] = field(default_factory=lambda: {"cpu": 1.0})
    least_cpu: float = 1.0
    gpu_need: GpuNeed = GpuNeed()
    work: Work | None = None
    predicted_s: float | None = None
    waits_for: str | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)


class OutcomeLike(Protocol):
    """What an attempt returns.

    ``state`` is ``done``, ``stopped`` (it saw the stop flag and left a checkpoint), ``failed``
    (recorded in the store by the attempt itself), ``elsewhere`` (on Ray: this node does not see the
    images, another may) or ``store`` (the store failed, which says nothing
    about the trial). ``kind`` names a failure as the store's failure records do;
    after ``device`` the process can run no further trial.
    """

    @property
    def state(self) -> str:
        """One of the words above."""

    @property
    def kind(self) -> str:
        """What sort of failure; empty for none."""

    @property
    def message(self) -> str:
        """For people."""


@dataclass(frozen=True, kw_only=True)
class LostAttempt:
    """An attempt that left no record of its own, as the driver saw its end.

    ``kind`` is ``killed``, ``node_lost`` (the host went with it), ``out_of_memory`` (Ray's memory
    guard), ``no_images`` (no node sees them) or ``error`` (an exception that `Attempt` promises not
    to let out). ``account`` is all that Ray said; ``log_note`` says what is missing from
    ``log_tail``.
    """

    kind: str
    message: str
    account: str = ""
    host: str = ""
    pid: int | None = None
    log_tail: tuple[str, ...] = ()
    log_note: str = ""


Attempt = Callable[[dict[str, Any], Report, Stop], OutcomeLike]
