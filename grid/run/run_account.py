"""What a run has come to at a moment, for another thread than the one that keeps its books.

A record of the run is written, and a budget held, by what stands here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grid.run.shares import Share
from grid.run.stays_here import StaysHere

EXPECTED_EVERY_S = 5.0
"""The time left is computed anew so often: it costs a look at every trial."""

_FAILED = ("again", "larger", "given up")


@dataclass(frozen=True, kw_only=True)
class SlotHours:
    """Share x time of attempts, in hours; of those that failed again beside."""

    gpu: float = 0.0
    cpu: float = 0.0
    failed_gpu: float = 0.0
    failed_cpu: float = 0.0

    def plus(self, share: Share, hours: float, *, failed: bool = False) -> SlotHours:
        """Return them with an attempt more, that took a share for some hours."""
        gpu, cpu = share[0] * hours, share[1] * hours
        return SlotHours(
            gpu=self.gpu + gpu,
            cpu=self.cpu + cpu,
            failed_gpu=self.failed_gpu + gpu * failed,
            failed_cpu=self.failed_cpu + cpu * failed,
        )


@dataclass(frozen=True, kw_only=True)
class RunState:
    """A run at a moment: counts of trials, those at work by fit id with their last report, hours.

    `left_s` is None where nothing can be said of the time that it still takes.
    """

    total: int
    done: int
    failed: int
    running: Mapping[str, tuple[str, Mapping[str, Any]]]
    hours: SlotHours
    left_s: float | None


class RunAccount(StaysHere):
    """Counts what it is told by the books of a run; any thread may ask.

    Args:
        clock: seconds, from any beginning.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._total = 0
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._running: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._began: dict[str, tuple[float, Share]] = {}
        self._hours = SlotHours()
        self._left_s: float | None = None
        self._expected_at = -1e9

    def begin(self, total: int) -> None:
        """The run begins, with so many trials."""
        with self._lock:
            self._total = total

    def started(self, fit_id: str, label: str, share: Share) -> None:
        """An attempt at a trial began, with a share of a node."""
        with self._lock:
            if fit_id in self._began:  # its end was nobody's to tell: its worker's Ray broke down
                self.ended(fit_id, "stopped")
            self._running[fit_id] = (label, {})
            self._began[fit_id] = (self._clock(), share)

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """A trial told how far it is."""
        with self._lock:
            if fit_id in self._running:
                self._running[fit_id] = (self._running[fit_id][0], dict(report))

    def ended(self, fit_id: str, how: str) -> None:
        """An attempt ended: done, again, larger, given up or stopped; or no attempt is made."""
        with self._lock:
            self._running.pop(fit_id, None)
            began = self._began.pop(fit_id, None)
            if began is not None:
                since, share = began
                taken = (self._clock() - since) / 3600.0
                self._hours = self._hours.plus(share, taken, failed=how in _FAILED)
            if how == "done":
                self._done.add(fit_id)
            elif how == "given up":
                self._failed.add(fit_id)

    def expect(self, time_left: Callable[[], float | None]) -> None:
        """Ask for the time that is left, unless it was asked for a moment ago."""
        now = self._clock()
        if now - self._expected_at >= EXPECTED_EVERY_S:
            self._expected_at = now
            left_s = time_left()
            with self._lock:
                self._left_s = left_s

    def hours(self) -> SlotHours:
        """Return share x time of all attempts, of those at work until now."""
        with self._lock:
            now, total = self._clock(), self._hours
            for since, share in self._began.values():
                total = total.plus(share, (now - since) / 3600.0)
            return total

    def state(self) -> RunState:
        """Return what the run has come to."""
        with self._lock:
            return RunState(
                total=self._total,
                done=len(self._done),
                failed=len(self._failed),
                running=dict(self._running),
                hours=self.hours(),
                left_s=self._left_s,
            )
