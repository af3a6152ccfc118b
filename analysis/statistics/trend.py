"""Does a metric rise or fall along an ordered axis, such as the quality of JPEG?

One slope per unit (test generator), then the exact sign-flip test of the slopes. Only an axis that
is declared ordered has a trend: NPR's factor is none, since .75 shifts by a pixel what .5 does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.generator_tests import sign_flip


def trend(
    levels: Sequence[float], values_UL: npt.ArrayLike, *, unit: str = "test generator"
) -> Effect:
    """Return the mean slope over units, in the metric's unit per 1 of the axis.

    Args:
        levels: the places on the axis, at least two different ones.
        values_UL: a row per unit, a column per level.
        unit: what one unit is called.

    Raises:
        NotTestable: one level, too few units, or a value is missing.
    """
    places, values = np.asarray(levels, dtype=float), np.asarray(values_UL, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(places):
        raise ValueError(f"shape {values.shape}: {unit}s x {len(places)} levels")
    centred = places - places.mean()
    if not centred.any():
        raise NotTestable("one level has no trend", "compare several levels of the axis")
    found = sign_flip(values @ centred / (centred @ centred), unit=unit)
    return replace(found, method=f"{found.method} of slopes")
