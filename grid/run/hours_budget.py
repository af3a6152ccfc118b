"""How many hours an experiment may take, over all its runs; once they are spent, nothing begins."""

from __future__ import annotations

import threading

from grid.run.run_account import SlotHours


class HoursBudget:
    """Hours of GPU where a trial uses one, else hours of CPU slots: share x time of all attempts.

    Args:
        hours: that may be spent, above 0.
        elsewhere: what other runs of the experiment have spent, as far as it is known; told anew by
            `learn` as time passes.
    """

    def __init__(self, hours: float, elsewhere: SlotHours) -> None:
        self.hours = hours
        self._lock = threading.Lock()
        self._elsewhere = elsewhere
        self._uses_gpu = elsewhere.gpu > 0
        self._own = SlotHours()
        self._is_over = False

    @property
    def unit(self) -> str:
        """What is counted."""
        return "GPU-hours" if self._uses_gpu else "CPU-hours"

    @property
    def spent(self) -> float:
        """Hours spent, as far as they are known, by this run and all others."""
        with self._lock:
            if self._uses_gpu:
                return self._elsewhere.gpu + self._own.gpu
            return self._elsewhere.cpu + self._own.cpu

    @property
    def is_over(self) -> bool:
        """Whether it was found spent: for good, in this run."""
        return self._is_over

    def begin(self, *, uses_gpu: bool) -> None:
        """A run begins, of which some trial uses a GPU, or none."""
        self._uses_gpu = self._uses_gpu or uses_gpu

    def learn(self, elsewhere: SlotHours) -> None:
        """Take what other runs have spent by now; any thread may tell."""
        with self._lock:
            self._elsewhere = elsewhere

    def look(self, own: SlotHours) -> bool:
        """Say whether the hours are spent, with those of this run until now."""
        with self._lock:
            self._own = own
        self._is_over = self._is_over or self.spent >= self.hours
        return self._is_over

    def __str__(self) -> str:
        return f"{self.spent:.3g} of {self.hours:g} {self.unit}"
