"""What is measured of one image's pixels."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.audit.jpeg_history import grid_statistic, luminance
from data.audit.resampling import period_statistic
from data.pipelines import Image


class PixelStatistics(NamedTuple):
    """Numbers of one image; nan where it is too small for a test."""

    width: int
    height: int
    jpeg_grid: float  # see `jpeg_history`
    period: float  # see `resampling`
    brightness: float  # mean luminance, 0 to 255
    contrast: float  # standard deviation of luminance
    sharpness: float  # natural logarithm of the mean absolute difference of neighbours + 0.1
    colour: float  # mean of the largest less the smallest channel, 0 to 255
    clipped: float  # share of values that are 0 or 255


LOW_LEVEL = ("brightness", "contrast", "sharpness", "colour", "clipped")


def pixel_statistics(image_HWC: Image) -> PixelStatistics:
    """Measure an image, uint8 RGB of shape (H, W, 3)."""
    height, width = image_HWC.shape[:2]
    luminance_HW = luminance(image_HWC)
    steps = [np.abs(np.diff(luminance_HW, axis=axis)) for axis in (0, 1)]
    differences = [float(step.mean()) for step in steps if step.size]
    sharpness = math.log(sum(differences) / max(len(differences), 1) + 0.1)
    return PixelStatistics(
        width=width,
        height=height,
        jpeg_grid=grid_statistic(luminance_HW),
        period=period_statistic(luminance_HW),
        brightness=float(luminance_HW.mean()),
        contrast=float(luminance_HW.std()),
        sharpness=sharpness,
        colour=float(np.ptp(image_HWC, axis=2).mean()),
        clipped=float(((image_HWC == 0) | (image_HWC == 255)).mean()),
    )
