"""How often a trial tells how far it is: on Ray a report is a trip to the driver."""

from __future__ import annotations

import time
from typing import Any

from grid.trial import Report

SECONDS_BETWEEN_REPORTS = 1.0


def at_most_once_a_second(report: Report) -> Report:
    """Return a report that passes on what it is told, and drops what comes too soon after.

    A new phase is always passed on: trials that wait for this fit's commit start by it.
    """
    last, phase = 0.0, ""

    def passed_on(progress: dict[str, Any]) -> None:
        nonlocal last, phase
        now = time.monotonic()
        if progress["phase"] != phase or now - last >= SECONDS_BETWEEN_REPORTS:
            last, phase = now, progress["phase"]
            report(progress)

    return passed_on
