"""Gaussian blur as its float32 sums define it, over the whole image: slow, and easy to believe."""

import math

import numpy as np
import numpy.typing as npt


def plain_gaussian_blur(image_HWC: npt.NDArray[np.uint8], sigma_px: float) -> npt.NDArray[np.uint8]:
    """Blur each channel: down, then across; from the middle weight outwards, in pairs."""
    radius_px = int(4 * sigma_px + 0.5)
    if radius_px == 0:
        return image_HWC
    weights = [math.exp(-0.5 * (offset / sigma_px) ** 2) for offset in range(radius_px + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    blurred_HWC = image_HWC.astype(np.float32)
    for axis in (0, 1):
        padding = [(radius_px, radius_px) if axis == other else (0, 0) for other in range(3)]
        padded = np.moveaxis(np.pad(blurred_HWC, padding, mode="symmetric"), axis, 0)
        length = padded.shape[0] - 2 * radius_px
        result = padded[radius_px : radius_px + length] * np.float32(weights[0] / total)
        pair = np.empty_like(result)
        for offset in range(1, radius_px + 1):
            before, after = radius_px - offset, radius_px + offset
            np.add(padded[before : before + length], padded[after : after + length], out=pair)
            pair *= np.float32(weights[offset] / total)
            result += pair
        blurred_HWC = np.moveaxis(result, 0, axis)
    return np.clip(np.rint(blurred_HWC), 0, 255).astype(np.uint8)
