"""Gaussian blur of an 8-bit image, exact rather than Pillow's sequence of boxes.

The pixels are defined by float32 sums in one order (`_weighted_sums`), so they are the same on
every machine. Summing is slow; matrix products (`data/blur_products.py`) are several times faster
but add in an order of their own. So products give each value up to a proven error, which settles
how nearly every pixel is rounded; the few whose value is too near to a half are summed in the
defined order.
"""

import itertools
import math

import numpy as np
import numpy.typing as npt

from data.blur_products import LARGEST_RADIUS_PX, Floats, Indices, Moved, Products
from data.pipelines import Image

Places = tuple[Indices, Indices, Indices]
"""Row, channel and column of single values, shape (n,) each."""

_WINDOW_BYTES = 1 << 18  # of pixels around single values, at once


def gaussian_blur(image_HWC: Image, sigma_px: float) -> Image:
    """Blur each channel with a Gaussian of standard deviation sigma_px.

    The kernel ends at 4 sigma and borders are mirrored, as in scipy.ndimage.gaussian_filter with
    its defaults, which CNNSpot (arXiv 1912.11035) used. Deviation: scipy cuts 8-bit results off
    after each axis and so darkens by up to two grey levels; here the result is rounded once.
    """
    radius_px = int(4 * sigma_px + 0.5)
    if radius_px == 0:
        return image_HWC
    weights = _half_kernel(sigma_px, radius_px)
    moved_HCW = _mirrored_around(image_HWC, radius_px)
    blurred_HWC = np.empty(image_HWC.shape, np.uint8)
    if radius_px > LARGEST_RADIUS_PX:
        _write_sums(moved_HCW, weights, blurred_HWC)
    else:
        unsettled = _write_products(moved_HCW, weights, blurred_HWC)
        _settle(unsettled, moved_HCW, weights, blurred_HWC)
    return blurred_HWC


def _half_kernel(sigma_px: float, radius_px: int) -> Floats:
    """Weights of the offsets 0 to radius_px; with both signs they sum to 1."""
    weights = [math.exp(-0.5 * (offset / sigma_px) ** 2) for offset in range(radius_px + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    return np.array([weight / total for weight in weights], np.float32)


def _mirrored_around(image_HWC: Image, radius_px: int) -> Moved:
    """The image plane by plane, less 128, with its mirror image on all sides."""
    height, width = image_HWC.shape[:2]
    rows, columns = (np.pad(np.arange(n), radius_px, "symmetric") for n in (height, width))
    padded_HCW = np.empty((len(rows), 3, len(columns)), np.uint8)
    middle_HCW = padded_HCW[radius_px : radius_px + height]
    inner_HCW = middle_HCW[:, :, radius_px : radius_px + width]
    for channel in range(3):
        # Read as signed, a byte with its highest bit turned is the value less 128.
        np.bitwise_xor(image_HWC[:, :, channel], 128, out=inner_HCW[:, channel])
    middle_HCW[:, :, :radius_px] = inner_HCW[:, :, columns[:radius_px]]
    middle_HCW[:, :, -radius_px:] = inner_HCW[:, :, columns[-radius_px:]]
    padded_HCW[:radius_px] = middle_HCW[rows[:radius_px]]
    padded_HCW[-radius_px:] = middle_HCW[rows[-radius_px:]]
    return padded_HCW.view(np.int8)


def _weighted_sums(padded: npt.NDArray[np.generic], weights: Floats, axis: int) -> Floats:
    """The sums along an axis, in the order that defines them; the axis loses its padding."""
    radius = len(weights) - 1
    length = padded.shape[axis] - 2 * radius
    along = np.moveaxis(padded, axis, 0)
    result: Floats = np.multiply(along[radius : radius + length], weights[0], dtype=np.float32)
    pair = np.empty_like(result)
    # The kernel is symmetric, so two values share one multiplication.
    for offset in range(1, radius + 1):
        before, after = radius - offset, radius + offset
        np.add(
            along[before : before + length],
            along[after : after + length],
            out=pair,
            dtype=np.float32,
        )
        pair *= weights[offset]
        result += pair
    return np.moveaxis(result, 0, axis)


def _write_sums(moved_HCW: Moved, weights: Floats, blurred_HWC: Image) -> None:
    """Blur a block by the defined sums alone."""
    pixels_HCW = (moved_HCW.view(np.uint8) ^ 128).astype(np.float32)
    sums_HCW = _weighted_sums(_weighted_sums(pixels_HCW, weights, 0), weights, 2)
    blurred_HWC[...] = np.clip(np.rint(sums_HCW), 0, 255).transpose(0, 2, 1)


def _write_products(moved_HCW: Moved, weights: Floats, blurred_HWC: Image) -> Places:
    """Blur by products; return the places of the values that they leave unsettled."""
    height, width = blurred_HWC.shape[:2]
    around = 2 * (len(weights) - 1)
    products = Products(weights, height, width)
    rows, _, columns = products.shape
    tops, lefts, indices = [], [], []
    for top, left in itertools.product(range(0, height, rows), range(0, width, columns)):
        block_HWC = blurred_HWC[top : top + rows, left : left + columns]
        around_HCW = moved_HCW[top : top + rows + around, :, left : left + columns + around]
        unsettled = products.write(around_HCW, block_HWC)
        if unsettled is None:
            _write_sums(around_HCW, weights, block_HWC)
            continue
        tops.append(np.full(len(unsettled), top))
        lefts.append(np.full(len(unsettled), left))
        indices.append(unsettled)
    if not indices:
        return (np.zeros(0, np.intp),) * 3
    row, channel, column = np.unravel_index(np.concatenate(indices), products.shape)
    row, column = row + np.concatenate(tops), column + np.concatenate(lefts)
    is_inside = (row < height) & (column < width)
    return row[is_inside], channel[is_inside], column[is_inside]


def _settle(places: Places, moved_HCW: Moved, weights: Floats, blurred_HWC: Image) -> None:
    """Put the defined sums of single values."""
    taps = 2 * len(weights) - 1
    # A row of a value's window is one item of so many bytes: copied at once, not byte by byte.
    items = np.ndarray((moved_HCW.size - taps + 1,), f"V{taps}", moved_HCW, strides=(1,))
    down = np.arange(taps)[:, None] * moved_HCW.strides[0]
    at_once = max(1, _WINDOW_BYTES // taps**2)
    for start in range(0, len(places[0]), at_once):
        row, channel, column = (each[start : start + at_once] for each in places)
        first = np.ravel_multi_index((row, channel, column), moved_HCW.shape)
        pixels = items[first + down].view(np.uint8).reshape(taps, len(row), taps)
        pixels ^= 128
        sums = _weighted_sums(pixels, weights, 0)[0]
        sums = _weighted_sums(np.ascontiguousarray(sums.T), weights, 0)[0]
        blurred_HWC[row, column, channel] = np.clip(np.rint(sums), 0, 255)
