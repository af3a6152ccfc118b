"""How far a run is, on a terminal: a table that redraws itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grid.console import Console
from grid.run.progress import Progress, in_words, position
from grid.trial.contract import Trial

REDRAW_S = 0.25
WIDE = 120
"""Columns from which on the bars are long."""


class LiveProgress(Progress):
    """One row per running trial, counts and the time left below; notes and failures stay above.

    It is drawn in the thread that keeps the books, by `tick`: a thread of its own would draw from
    books that are being written.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self.console = Console(file=stream)
        self._live = Live(
            console=self.console, auto_refresh=False, transient=True, get_renderable=self._table
        )
        self._drawn = 0.0

    def begin(self, trials: Sequence[Trial]) -> None:
        """Open the display."""
        super().begin(trials)
        self.writing(lambda: self._live.start(refresh=True))

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """Draw it soon."""
        super().reported(fit_id, report)
        self.tick()

    def ended(self, fit_id: str, how: str, reason: str) -> None:
        """Failures stay above the table; what is done only counts."""
        super().ended(fit_id, how, reason)
        if reason or how not in ("done", "stopped"):
            self.note(in_words(self.label(fit_id), how, reason))
        self.tick()

    def tick(self) -> None:
        """Redraw a few times a second at most."""
        if self._clock() - self._drawn >= REDRAW_S:
            self._drawn = self._clock()
            self.writing(self._live.refresh)
        super().tick()

    def close(self) -> None:
        """Leave one line instead of the table."""
        if self._live.is_started:
            self.writing(self._live.stop)
            self.note(self.account())
        super().close()

    def _say(self, text: str) -> None:
        """Print above the table."""
        self.console.print(text, markup=False, highlight=False)

    def _table(self) -> Group:
        wide = self.console.width >= WIDE
        bar_width = 20 if wide else 10
        shown = list(self.running.items())[: max(4, self.console.height - 6)]
        speeds = [f"{speed:.0f} images/s" if speed else "" for speed in map(_speed, shown)]
        positions = [position(report) for _, report in shown]
        taken = bar_width + 6 + max(map(len, speeds), default=0)
        label_width = self.console.width - taken - max(map(len, positions), default=0)
        table = Table.grid(padding=(0, 2))
        for (fit_id, _), where, speed in zip(shown, positions, speeds, strict=True):
            table.add_row(
                Text(_shortened(self.label(fit_id), max(20, label_width))),
                where,
                speed,
                ProgressBar(total=1.0, completed=self.share_done(fit_id), width=bar_width),
            )
        parts: list[Any] = [table] if shown else []
        if len(self.running) > len(shown):
            parts.append(Text(f"and {len(self.running) - len(shown)} more", style="dim"))
        settled = len(self.done) + len(self.given_up)
        counted = Table.grid(padding=(0, 2))
        counted.add_row(
            ProgressBar(total=max(1, self.total), completed=settled, width=2 * bar_width),
            Text(self.summary()),
        )
        return Group(*parts, counted)


def _speed(shown: tuple[str, Mapping[str, Any]]) -> float:
    return float(shown[1].get("images_per_s") or 0)


def _shortened(text: str, width: int) -> str:
    """Cut the middle out: a label begins with the detector and ends with what tells it apart."""
    if len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    return f"{text[: width - 1 - tail]}\N{HORIZONTAL ELLIPSIS}{text[-tail:]}"
