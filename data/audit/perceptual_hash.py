"""A 64-bit hash that pictures of equal appearance share, whatever their coding and size.

The picture is brought to 32 x 32 luminance; of its cosine transform the 8 x 8 lowest frequencies
without the constant ones are taken, and each bit says whether one is above their median.
Source: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), 3.2.1.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import PIL.Image

from data.pipelines import Image

BITS = 64
_SIDE_PX = 32
_LOW = 8
_COSINES = np.cos(
    (2 * np.arange(_SIDE_PX) + 1)[None] * np.arange(1, _LOW + 1)[:, None] * math.pi / (2 * _SIDE_PX)
)


def perceptual_hash(image_HWC: Image) -> np.uint64:
    """The hash of an image, uint8 RGB of shape (H, W, 3)."""
    grey = PIL.Image.fromarray(image_HWC).convert("L")
    small = np.asarray(grey.resize((_SIDE_PX, _SIDE_PX), PIL.Image.Resampling.BOX), np.float64)
    low: npt.NDArray[np.float64] = (_COSINES @ small @ _COSINES.T).ravel()
    bits = low > np.median(low)
    return np.uint64(int.from_bytes(np.packbits(bits).tobytes(), "big"))
