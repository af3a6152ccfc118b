"""How long a run will still take: from what its trials have taken, else from the plan's prediction.

Trials of one kind take equal time per image, so the first of them to end tells of the others. As
long as there is a kind that nothing is known of, what is known is a lower bound, and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grid.trial.contract import SCORED_TO_TRAINED, Trial, Work

ENOUGH = 0.05
"""Share of a trial behind it, from which on its pace says something."""

ALIKE = Work("", 1, 1)
"""Stands for the work of trials that say nothing of it."""


@dataclass(frozen=True)
class Estimate:
    """Seconds until the end of a run."""

    seconds: float
    at_least: bool
    """Trials of an unknown kind wait and are not counted."""


class TimeLeft:
    """Watches trials begin and end; says how long the rest will take.

    Args:
        trials: all of the run.
        clock: seconds, from any beginning.
    """

    def __init__(self, trials: Sequence[Trial], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._work = {trial.fit_id: trial.work or ALIKE for trial in trials}
        self._waiting = set(self._work)
        self._began: dict[str, float] = {}
        self._share_at_first: dict[str, float] = {}
        self._first: float | None = None
        self._slot_seconds = 0.0
        self._measured: dict[str, tuple[float, float]] = {}
        self._predicted: dict[str, float] = {}
        for trial in trials:
            if trial.predicted_s is not None and trial.work and trial.work.amount:
                self._predicted[trial.work.kind] = trial.predicted_s / trial.work.amount

    def started(self, fit_id: str) -> None:
        """An attempt at a trial began."""
        now = self._clock()
        self._first = now if self._first is None else self._first
        self._waiting.discard(fit_id)
        self._began[fit_id] = now

    def reported(self, fit_id: str, share: float) -> None:
        """A trial told how much of it is behind it; one that was resumed begins with some."""
        self._share_at_first.setdefault(fit_id, share)

    def ended(self, fit_id: str, *, done: bool, again: bool) -> None:
        """An attempt ended: the trial is done, or will be run again, or is given up."""
        took = self._clock() - self._began.pop(fit_id, self._clock())
        gained = 1.0 - self._share_at_first.pop(fit_id, 0.0)
        self._slot_seconds += took
        self._waiting.discard(fit_id)
        if again:
            self._waiting.add(fit_id)
        elif done:
            work = self._work[fit_id]
            seconds, amount = self._measured.get(work.kind, (0.0, 0.0))
            self._measured[work.kind] = (seconds + took, amount + gained * work.amount)

    def dropped(self, fit_id: str) -> None:
        """A trial is no longer to be run: somebody else has done it."""
        self._waiting.discard(fit_id)

    def estimate(self, shares: Mapping[str, float]) -> Estimate | None:
        """Return the time left; None while nothing can be said.

        Args:
            shares: how much of each running trial is behind it, 0 to 1.
        """
        now = self._clock()
        if self._first is None or now <= self._first:
            return None
        rates = self._rates(shares, now)
        left = dict.fromkeys(self._waiting, 1.0)
        left |= {fit_id: 1.0 - shares.get(fit_id, 0.0) for fit_id in self._began}
        seconds = [
            rates[self._work[fit_id].kind] * self._work[fit_id].amount * share
            for fit_id, share in left.items()
            if self._work[fit_id].kind in rates
        ]
        if not seconds:
            return None
        busy = self._slot_seconds + sum(now - began for began in self._began.values())
        slots = max(busy / (now - self._first), 0.1)
        # No trial is shared by slots, so the longest one bounds the rest from below.
        return Estimate(max(sum(seconds) / slots, *seconds), at_least=len(seconds) < len(left))

    def _rates(self, shares: Mapping[str, float], now: float) -> dict[str, float]:
        """Seconds per amount by kind: measured, else predicted, else from those that run now."""
        rates = {kind: took / amount for kind, (took, amount) in self._measured.items() if amount}
        rates = self._predicted | rates
        running: dict[str, tuple[float, float]] = {}
        for fit_id, began in self._began.items():
            work = self._work[fit_id]
            gained = shares.get(fit_id, 0.0) - self._share_at_first.get(fit_id, 0.0)
            if gained >= ENOUGH and work.kind not in rates and work.amount:
                took, amount = running.get(work.kind, (0.0, 0.0))
                running[work.kind] = (took + now - began, amount + gained * work.amount)
        return {kind: took / amount for kind, (took, amount) in running.items()} | rates


def share_done(report: Mapping[str, Any], work: Work = ALIKE) -> float:
    """Return how much of a trial's work is behind it by its last report, 0 to 1."""
    pieces, steps = report.get("pieces") or 0, report.get("steps") or 0
    trained = (report.get("step") or 0) / steps if steps else 0.0
    scored = (report.get("pieces_done") or 0) / pieces if pieces else 0.0
    if not work.amount:
        return 0.0
    if report.get("phase") == "score":
        trained = 1.0
    return (work.trained_images * trained + SCORED_TO_TRAINED * work.scored_images * scored) / (
        work.amount
    )
