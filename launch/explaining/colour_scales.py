"""Numbers as colours: scales that colour-blind people tell apart, the same for every image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import matplotlib
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""RGB, height x width x 3."""
Plane = npt.NDArray[np.float32]

SIGNED, LEVELS, HEAT = "PuOr_r", "cividis", "inferno"
"""matplotlib's names: purple below 0 and orange above, white at 0; dark to light; for overlays."""

MOST_OUTSIDE = 4.0
"""Percent of a signed map's values that may lie beyond its scale: a filter's borders do."""


@dataclass(frozen=True)
class ColourScale:
    """A scale between two values; what lies beyond has the colour of its end."""

    name: str
    low: float
    high: float

    def coloured(self, plane_HW: Plane) -> Picture:
        """The colours of a plane; what is no number is grey."""
        span = self.high - self.low or 1.0
        shares_HW = np.clip((plane_HW - self.low) / span, 0, 1)
        rgb_HWC = matplotlib.colormaps[self.name](np.nan_to_num(shares_HW))[..., :3]
        picture: Picture = np.round(rgb_HWC * 255).astype(np.uint8)
        picture[~np.isfinite(plane_HW)] = 128
        return picture


def signed_scale(plane_HW: Plane) -> ColourScale:
    """Symmetric around 0, its ends a power of 2: maps of like strength have the same scale."""
    values = np.abs(plane_HW[np.isfinite(plane_HW)])
    reach = float(np.percentile(values, 100 - MOST_OUTSIDE)) if values.size else 0.0
    reach = reach or (float(values.max()) if values.size else 0.0)
    limit = 2.0 ** math.ceil(math.log2(reach)) if reach > 0 else 1.0
    return ColourScale(SIGNED, -limit, limit)


def level_scale(plane_HW: Plane) -> ColourScale:
    """From the lowest to the highest value, of large planes without a percent at either end."""
    values = plane_HW[np.isfinite(plane_HW)]
    if not values.size:
        return ColourScale(LEVELS, 0.0, 1.0)
    ends = (1, 99) if values.size > 1000 else (0, 100)
    low, high = np.percentile(values, ends)
    return ColourScale(LEVELS, float(low), float(high))


def heat_scale(plane_HW: Plane) -> ColourScale:
    """From 0 to the largest value, for what counts how much a place matters."""
    values = plane_HW[np.isfinite(plane_HW)]
    return ColourScale(HEAT, 0.0, float(values.max()) if values.size else 1.0)
