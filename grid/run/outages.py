"""Outages of the store, as many trials meet them at once: said once, and once when over."""

from __future__ import annotations

import time
from collections.abc import Callable

from grid.durations import duration
from grid.run.stays_here import StaysHere


class Outages(StaysHere):
    """Who waits for the store.

    Args:
        say: Given a sentence when the first begins to wait, and one when nobody waits any more.
        clock: Seconds, from any beginning.
    """

    def __init__(
        self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._waiting: set[str] = set()
        self._since = 0.0

    def told(self, who: str, outage: str) -> None:
        """A trial, or the run itself, waits for what is said; "" when it goes on."""
        waited = who in self._waiting
        if outage and not self._waiting:
            self._since = self._clock()
            self._say(outage)
        if outage:
            self._waiting.add(who)
        else:
            self._waiting.discard(who)
        if waited and not self._waiting:
            lasted = duration(self._clock() - self._since)
            self._say(f"the store answers again after {lasted}: going on")

    def ended(self, who: str) -> None:
        """A trial came back, perhaps without having seen the store again: nothing is said."""
        self._waiting.discard(who)
