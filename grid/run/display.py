"""Where and how a run is told: live on a terminal, in lines elsewhere."""

from __future__ import annotations

import sys
from typing import TextIO

from grid.run.plain_progress import PlainProgress
from grid.run.progress import Progress


def progress_on(stream: TextIO | None = None, *, heartbeat_s: float = 60.0) -> Progress:
    """Live on a terminal, lines elsewhere; on stderr unless told: stdout is for answers."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        return PlainProgress(stream, heartbeat_s)
    from grid.run.live_progress import LiveProgress

    return LiveProgress(stream)
