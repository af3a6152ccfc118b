"""How far a run is: a live table on a terminal, plain flushed lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TextIO

from grid.durations import duration
from grid.stays_here import StaysHere
from grid.time_left import ALIKE, Estimate, TimeLeft, share_done
from grid.trial import Trial


class Progress(StaysHere):
    """What a run tells; this class counts and says nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = 0
        self.done: set[str] = set()
        self.given_up: set[str] = set()
        self.running: dict[str, dict[str, Any]] = {}
        self._clock = clock
        self._trials: dict[str, Trial] = {}
        self._time_left = TimeLeft((), clock)

    def begin(self, trials: Sequence[Trial]) -> None:
        """The run begins."""
        self.total = len(trials)
        self._trials = {trial.fit_id: trial for trial in trials}
        self._time_left = TimeLeft(trials, self._clock)

    def note(self, text: str) -> None:
        """Something to say once."""

    def started(self, fit_id: str) -> None:
        """A trial runs."""
        self.running[fit_id] = {}
        self._time_left.started(fit_id)

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """A trial told its epoch, pieces and speed."""
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

    def tick(self) -> None:
        """Time passes; called often."""

    def close(self) -> None:
        """The run is over."""

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


class PlainProgress(Progress):
    """Lines for log files, flushed one by one; the run is heard of every `heartbeat_s` seconds."""

    def __init__(
        self, stream: TextIO, heartbeat_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(clock)
        self._stream = stream
        self._heartbeat_s = heartbeat_s
        self._spoke = clock()

    def begin(self, trials: Sequence[Trial]) -> None:
        """Say how many trials there are."""
        super().begin(trials)
        self._say(f"{self.total} trial{'s' * (self.total != 1)} to run")

    def note(self, text: str) -> None:
        """Say it."""
        self._say(text)

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """Remember it for the next heartbeat."""
        super().reported(fit_id, report)
        self.tick()

    def ended(self, fit_id: str, how: str, reason: str) -> None:
        """Say how a trial ended."""
        super().ended(fit_id, how, reason)
        self._say(_ended(self.label(fit_id), how, reason) + f" ({self.summary()})")

    def tick(self) -> None:
        """Say a line when nothing was said for long."""
        if self._clock() - self._spoke >= self._heartbeat_s:
            where = "; ".join(
                f"{self.label(fit_id)}: {position(report)}"
                for fit_id, report in list(self.running.items())[:4]
            )
            self._say(self.summary() + (f" [{where}]" if where else ""))

    def _say(self, text: str) -> None:
        self._spoke = self._clock()
        print(f"{time.strftime('%H:%M:%S')} {text}", file=self._stream, flush=True)


class LiveProgress(Progress):
    """A table that redraws itself: one row per running trial, counts and the time left below."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        from rich.console import Console
        from rich.live import Live

        self.console = Console(file=stream)
        # Redrawn by tick(): a refreshing thread would draw from books that are being written.
        self._live = Live(
            console=self.console, auto_refresh=False, transient=True, get_renderable=self._table
        )
        self._drawn = 0.0

    def begin(self, trials: Sequence[Trial]) -> None:
        """Open the display."""
        super().begin(trials)
        self._live.start()

    def note(self, text: str) -> None:
        """Print above the table."""
        self.console.print(text, markup=False)

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """Draw it soon."""
        super().reported(fit_id, report)
        self.tick()

    def ended(self, fit_id: str, how: str, reason: str) -> None:
        """Failures stay above the table; what is done only counts."""
        super().ended(fit_id, how, reason)
        if how not in ("done", "stopped"):
            self.note(_ended(self.label(fit_id), how, reason))
        self.tick()

    def tick(self) -> None:
        """Redraw four times a second at most."""
        if self._clock() - self._drawn >= 0.25:
            self._drawn = self._clock()
            self._live.refresh()

    def close(self) -> None:
        """Leave one line instead of the table."""
        self._live.stop()
        self.note(self.summary())

    def _table(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        rows = max(4, self.console.height - 6)
        for fit_id, report in list(self.running.items())[:rows]:
            speed = report.get("images_per_s")
            table.add_row(
                Text(self.label(fit_id)),
                position(report),
                f"{speed:.0f} images/s" if speed else "",
                ProgressBar(total=1.0, completed=self.share_done(fit_id), width=20),
            )
        settled = len(self.done) + len(self.given_up)
        bar = ProgressBar(total=max(1, self.total), completed=settled, width=40)
        return Group(table, bar, Text(self.summary()))


def progress_on(stream: TextIO | None = None, *, heartbeat_s: float = 60.0) -> Progress:
    """Live on a terminal, lines elsewhere; on stderr unless told: stdout is for answers."""
    stream = sys.stderr if stream is None else stream
    return LiveProgress(stream) if stream.isatty() else PlainProgress(stream, heartbeat_s)


def position(report: Mapping[str, Any]) -> str:
    """Where a trial is, in words."""
    if report.get("phase") == "score":
        return f"scoring {report.get('pieces_done', 0)}/{report.get('pieces', '?')}"
    if report.get("epochs"):
        return f"epoch {report.get('epoch', 0)}/{report['epochs']}"
    return "starting"


def _ended(label: str, how: str, reason: str) -> str:
    words = {
        "done": "done",
        "stopped": "stopped",
        "again": "failed, will be tried again",
        "larger": "out of memory, will be tried again with a larger share",
        "given up": "FAILED, given up",
    }
    return f"{words[how]}: {label}" + (f": {reason}" if reason else "")
