"""Trials that wait for a node that is gone: Ray would let them wait for ever without a word."""

from __future__ import annotations

import time
from collections.abc import Callable

from grid.run.schedule import Schedule
from grid.run.shares import Nodes, fits

LOOK_S, SAY_S = 10.0, 60.0


class MissingNodes:
    """Looks at the living nodes now and then; a minute without the right one is worth a word.

    Args:
        living: What each living node has; asked every `LOOK_S`.
        note: Told at most once per `SAY_S`.
        clock: Seconds, from any beginning.
    """

    def __init__(
        self,
        living: Callable[[], Nodes],
        note: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._living = living
        self._note = note
        self._clock = clock
        self._looked = clock()
        self._since: float | None = None

    def look(self, schedule: Schedule) -> None:
        """Called often."""
        now = self._clock()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        waiting = schedule.waiting()
        nodes = self._living() if waiting else ()
        unmet = {share: count for share, count in waiting.items() if not fits(share, nodes)}
        if not unmet:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= SAY_S:
            self._since = now
            asked = ", ".join(f"{count} for {share}" for share, count in unmet.items())
            self._note(
                f"trials wait for nodes that the cluster has no longer: {asked}; they start when "
                "such a node joins. Or stop this run and ask for less under resources:"
            )
