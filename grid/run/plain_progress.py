"""How far a run is, in a log file: flushed lines, one per event and one per while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from data.counts import counted
from grid.run.progress import Progress, in_words, position
from grid.trial.contract import Trial
from grid.visible import visible


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
        self.note(f"{counted(self.total, 'trial')} to run")

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """Remember it for the next heartbeat."""
        super().reported(fit_id, report)
        self.tick()

    def ended(self, fit_id: str, how: str, reason: str) -> None:
        """Say how a trial ended."""
        super().ended(fit_id, how, reason)
        self.note(in_words(self.label(fit_id), how, reason) + f" ({self.summary()})")

    def tick(self) -> None:
        """Say a line when nothing was said for long."""
        super().tick()
        if self._clock() - self._spoke >= self._heartbeat_s:
            where = "; ".join(
                f"{self.label(fit_id)}: {position(report)}"
                for fit_id, report in list(self.running.items())[:4]
            )
            self.note(self.summary() + (f" [{where}]" if where else ""))

    def _say(self, text: str) -> None:
        self._spoke = self._clock()
        print(f"{time.strftime('%H:%M:%S')} {visible(text)}", file=self._stream, flush=True)
