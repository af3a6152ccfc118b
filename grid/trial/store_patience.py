"""How long a run waits for a store that is full, read-only or out of reach."""

from __future__ import annotations

import math
import os

from grid.refusal import Refused

VARIABLE = "CROSSGEN_STORE_PATIENCE"
"""In the environment of `crossgen run`: seconds; 0 ends the run at once."""

DEFAULT_S = 600.0
"""A file server restarts, a quota is raised, a service sheds load: minutes, and no night."""


def store_patience_s() -> float:
    """Return what the environment states, else the default.

    Raises:
        Refused: it states no time.
    """
    stated = os.environ.get(VARIABLE, "").strip()
    if not stated:
        return DEFAULT_S
    try:
        seconds = float(stated)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise Refused.because(
            f"{VARIABLE}={stated!r}",
            "it is no number of seconds",
            "Write it as 600, or 0 to wait for no store",
        )
    return seconds
