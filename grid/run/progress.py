"""How far a run is: counted here, told by the displays that are made of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

from data.counts import counted
from grid.durations import duration
from grid.run.stays_here import StaysHere
from grid.run.time_left import ALIKE, Estimate, TimeLeft, share_done
from grid.trial.contract import Trial


class Progress(StaysHere):
    """What a run tells; this class counts and says nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = 0
        self.done: set[str] = set()
        self.given_up: set[str] = set()
        self.running: dict[str, dict[str, Any]] = {}
        self._clock = clock
        self._notes: deque[str] = deque()
        self._writing = False
        self._trials: dict[str, Trial] = {}
        self._time_left = TimeLeft((), clock)

    def begin(self, trials: Sequence[Trial]) -> None:
        """The run begins."""
        self.total = len(trials)
        self._trials = {trial.fit_id: trial for trial in trials}
        self._time_left = TimeLeft(trials, self._clock)

    def note(self, text: str) -> None:
        """Say something once.

        It may come from a signal handler in the midst of writing; it then waits until that is
        done, since neither a display nor a stream bears being entered twice.
        """
        self._notes.append(text)
        self.say_notes()

    def say_notes(self) -> None:
        """Say what waits to be said."""
        while self._notes and not self._writing:
            text = self._notes.popleft()
            try:
                self.writing(partial(self._say, text))
            except RuntimeError as error:
                if "reentrant" not in str(error):
                    raise
                self._notes.appendleft(text)  # somebody else is writing to the stream: next tick
                return

    def writing(self, write: Callable[[], None]) -> None:
        """Write to the stream; notes wait meanwhile."""
        self._writing = True
        try:
            write()
        finally:
            self._writing = False

    def _say(self, text: str) -> None:
        """Write one line."""

    def started(self, fit_id: str) -> None:
        """A trial runs."""
        self.running[fit_id] = {}
        self._time_left.started(fit_id)

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """A trial told its epoch, pieces and speed, or that it waits for the store."""
        if "outage" in report:
            self.running[fit_id] = {**self.running.get(fit_id, {}), "outage": report["outage"]}
        else:
            self.running[fit_id] = dict(report)
        self._time_left.reported(fit_id, self.share_done(fit_id))

    def ended(self, fit_id: str, how: str, reason: str) -> None:
        """A trial came back: done, again, larger (both: will be run again), given up or stopped."""
        self.running.pop(fit_id, None)
        again = how in ("again", "larger", "stopped")
        self._time_left.ended(fit_id, done=how == "done", again=again)
        if how == "done":
            self.done.add(fit_id)
        elif how == "given up":
            self.given_up.add(fit_id)

    def found_done(self, fit_id: str) -> None:
        """Somebody else has done a trial that waited here."""
        self._time_left.dropped(fit_id)
        self.done.add(fit_id)

    def tick(self) -> None:
        """Time passes; called often."""
        self.say_notes()

    def close(self) -> None:
        """The run is over."""
        self.say_notes()

    def account(self) -> str:
        """One line when nothing runs any more: what came of the trials."""
        left = self.total - len(self.done) - len(self.given_up)
        parts = [f"{len(self.done)} of {counted(self.total, 'trial')} done"]
        parts += [f"{len(self.given_up)} failed"] if self.given_up else []
        parts += [f"{left} left"] if left else []
        return ", ".join(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def label(self, fit_id: str) -> str:
        """The trial's name for people."""
        return self._trials[fit_id].label

    def images_per_s(self) -> float:
        """What all running trials together read."""
        return sum(float(report.get("images_per_s") or 0) for report in self.running.values())

    def share_done(self, fit_id: str) -> float:
        """How much of a running trial is behind it, 0 to 1, by its last report."""
        return share_done(self.running[fit_id], self._trials[fit_id].work or ALIKE)

    def time_left(self) -> Estimate | None:
        """How long the run will still take; None while nothing can be said."""
        return self._time_left.estimate({f: self.share_done(f) for f in self.running})

    def summary(self) -> str:
        """One line: counts, speed, time left."""
        parts = [f"{len(self.done)} done", f"{len(self.running)} running"]
        if self.given_up:
            parts.append(f"{len(self.given_up)} failed")
        line = ", ".join(parts) + f" of {self.total}"
        speed = self.images_per_s()
        left = self.time_left()
        line += f"; {speed:.0f} images/s" if speed else ""
        if left is None:
            return line
        return f"{line}; {'more than' if left.at_least else 'about'} {duration(left.seconds)} left"


def position(report: Mapping[str, Any]) -> str:
    """Where a trial is, in words."""
    if report.get("outage"):
        return "waiting for the store"
    if report.get("phase") == "score":
        return f"scoring {report.get('pieces_done', 0)}/{report.get('pieces', '?')}"
    if report.get("epochs"):
        return f"epoch {report.get('epoch', 0)}/{report['epochs']}"
    return "starting"


def in_words(label: str, how: str, reason: str) -> str:
    """How a trial ended."""
    words = {
        "done": "done",
        "stopped": "stopped",
        "again": "failed, will be tried again",
        "larger": "out of memory, will be tried again with a larger share",
        "given up": "FAILED, given up",
    }
    return f"{words[how]}: {label}" + (f": {reason}" if reason else "")
