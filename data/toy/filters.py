"""Linear filters of small planes, as sums of shifted slices.

No matrix product: BLAS may sum in another order with another number of threads, and the same
arguments must give the same bytes. Borders are reflected without repeating the edge, so that a
pattern of period two goes on beyond them.

Shapes: B images, C channels, H height, W width; O and I the output and input channels of a kernel.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_SUMMED_AT_ONCE = 1 << 14


def blur(images_BCHW: Floats, sigma_px: float) -> Floats:
    """Gaussian blur, cut off at three sigma."""
    reach_px = math.ceil(3 * sigma_px)
    taps = [math.exp(-0.5 * (step / sigma_px) ** 2) for step in range(-reach_px, reach_px + 1)]
    taps = [tap / sum(taps) for tap in taps]
    return _along(_along(images_BCHW, 2, taps, reach_px), 3, taps, reach_px)


def halved(images_BCHW: Floats) -> Floats:
    """Half of an even height and width, by [1 3 3 1] / 8 along each axis."""
    taps = (0.125, 0.375, 0.375, 0.125)
    return _along(_along(images_BCHW, 2, taps, 1, stride=2), 3, taps, 1, stride=2)


def doubled(images_BCHW: Floats) -> Floats:
    """Twice the height and width, bilinear, the edge repeated beyond the border."""
    enlarged = images_BCHW
    for axis in (2, 3):
        padding = [(1, 1) if axis == other else (0, 0) for other in range(4)]
        padded = np.moveaxis(np.pad(enlarged, padding, mode="edge"), axis, 0)
        near = padded[1:-1] * np.float32(0.75)
        shape = (2 * len(near), *near.shape[1:])
        result = np.empty(shape, np.float32)
        result[0::2] = near + padded[:-2] * np.float32(0.25)
        result[1::2] = near + padded[2:] * np.float32(0.25)
        enlarged = np.moveaxis(result, 0, axis)
    return np.ascontiguousarray(enlarged)


def repeated(images_BCHW: Floats) -> Floats:
    """Twice the height and width, every pixel as a block of 2 x 2."""
    return images_BCHW.repeat(2, axis=2).repeat(2, axis=3)


def convolve(images_BCHW: Floats, kernel_OI33: Floats) -> Floats:
    """Correlate with kernels of 3 x 3 that mix the channels, as a network's convolution does.

    Returns:
        Shape (B, O, H, W).
    """
    num, channels, height, width = images_BCHW.shape
    row = width + 2
    padded = np.pad(images_BCHW, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    # A shift in two dimensions is one in the flattened plane, and long slices are fast ones; the
    # two columns that mix the end of a row with the next one's beginning are cut off at last.
    planes = padded.reshape(num, channels, -1)
    span = height * row - 2
    result = np.zeros((num, len(kernel_OI33), height * row), np.float32)
    # Part by part, so that what is summed stays in a core's cache where an image is large.
    for first in range(0, span, _SUMMED_AT_ONCE):
        length = min(_SUMMED_AT_ONCE, span - first)
        product = np.empty((num, length), np.float32)
        for (out, channel, y, x), weight in np.ndenumerate(kernel_OI33):
            if weight:
                start = first + y * row + x
                np.multiply(planes[:, channel, start : start + length], weight, out=product)
                result[:, out, first : first + length] += product
    return np.ascontiguousarray(result.reshape(num, -1, height, row)[..., :width])


def _along(
    images_BCHW: Floats, axis: int, taps: Sequence[float], before: int, stride: int = 1
) -> Floats:
    """Correlate with taps along an axis; `before` of them lie before the pixel."""
    length = images_BCHW.shape[axis]
    after = len(taps) - 1 - before
    padding = [(before, after) if axis == other else (0, 0) for other in range(4)]
    padded = np.pad(images_BCHW, padding, mode="reflect")
    shape = list(images_BCHW.shape)
    shape[axis] = length // stride
    result, product = np.zeros(shape, np.float32), np.empty(shape, np.float32)
    cut: list[slice] = [slice(None)] * 4
    for start, tap in enumerate(taps):
        cut[axis] = slice(start, start + length, stride)
        np.multiply(padded[tuple(cut)], np.float32(tap), out=product)
        result += product
    return result
