"""Gaussian blur of an 8-bit image, exact rather than Pillow's sequence of boxes.

The pixels are defined by float32 sums in one order (`_weighted_sums`), so they are the same on
every machine. Summing is slow; matrix products are several times faster but add in an order of
their own. So products give each value up to a proven error, which settles how nearly every pixel
is rounded; the few whose value is too near to a half are summed in the defined order.
"""

import itertools
import math

import numpy as np
import numpy.typing as npt

from data.pipelines import Image

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
"""Row, channel and column of single values, shape (3, n)."""

# Of a block: what belongs to it stays in a core's cache.
_ROWS = 32
_COLUMNS = 512
# Above this radius the products' proven error is so large that too many pixels are left to sum.
_LARGEST_RADIUS_PX = 64
# The library behind numpy shares a product of more multiplications among threads of its own.
_MOST_MULTIPLICATIONS = 1 << 18
_WINDOW_BYTES = 1 << 18  # of pixels around single values, at once
# Half the distance between neighbouring float32 numbers from 128 to 256, the largest rounding
# error of one operation; for values moved to -128..128 it is half of that.
_ROUNDING = 2.0**-17


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
    around = ((radius_px, radius_px), (0, 0), (radius_px, radius_px))
    padded_HCW = np.pad(image_HWC.transpose(0, 2, 1), around, "symmetric")
    padded_HCW = np.ascontiguousarray(padded_HCW)  # of a single row it may be column by column
    blurred_HWC = np.empty(image_HWC.shape, np.uint8)
    height, width = image_HWC.shape[:2]
    products = _Products(weights, width) if radius_px <= _LARGEST_RADIUS_PX else None
    unsettled = []
    for top, left in itertools.product(range(0, height, _ROWS), range(0, width, _COLUMNS)):
        block_HWC = blurred_HWC[top : top + _ROWS, left : left + _COLUMNS]
        rows, columns = (length + 2 * radius_px for length in block_HWC.shape[:2])
        around_HCW = padded_HCW[top : top + rows, :, left : left + columns]
        places = products.write(around_HCW, block_HWC) if products else None
        if places is None:
            _write_sums(around_HCW, weights, block_HWC)
        else:
            unsettled.append(places + np.array([[top], [0], [left]]))
    if unsettled:
        _settle(np.concatenate(unsettled, axis=1), padded_HCW, weights, blurred_HWC)
    return blurred_HWC


def _half_kernel(sigma_px: float, radius_px: int) -> Floats:
    """Weights of the offsets 0 to radius_px; with both signs they sum to 1."""
    weights = [math.exp(-0.5 * (offset / sigma_px) ** 2) for offset in range(radius_px + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    return np.array([weight / total for weight in weights], np.float32)


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


def _write_sums(padded_HCW: Image, weights: Floats, blurred_HWC: Image) -> None:
    """Blur a block by the defined sums alone."""
    sums_HCW = _weighted_sums(padded_HCW.astype(np.float32), weights, 0)
    sums_HCW = _weighted_sums(sums_HCW, weights, 2)
    blurred_HWC[...] = np.clip(np.rint(sums_HCW), 0, 255).transpose(0, 2, 1)


def _settle(places: Places, padded_HCW: Image, weights: Floats, blurred_HWC: Image) -> None:
    """Put the defined sums of single values."""
    taps = 2 * len(weights) - 1
    # A row of a value's window is one item of so many bytes: copied at once, not byte by byte.
    rows_HCW = np.ndarray(
        (*padded_HCW.shape[:2], blurred_HWC.shape[1]),
        f"V{taps}",
        padded_HCW,
        strides=padded_HCW.strides,
    )
    at_once = max(1, _WINDOW_BYTES // taps**2)
    for start in range(0, places.shape[1], at_once):
        row, channel, column = places[:, start : start + at_once]
        # Shape taps (down), values, taps (across).
        windows = rows_HCW[row + np.arange(taps)[:, None], channel, column].view(np.uint8)
        pixels = windows.reshape(taps, len(row), taps).astype(np.float32)
        sums = _weighted_sums(_weighted_sums(pixels, weights, 0), weights, 2)
        blurred_HWC[row, column, channel] = np.clip(np.rint(sums[0, :, 0]), 0, 255)


class _Products:
    """Blurred blocks of one image by matrix products, with what is kept from block to block."""

    def __init__(self, weights: Floats, width: int) -> None:
        self._weights = weights
        radius = len(weights) - 1
        self._taps = 2 * radius + 1
        kernel = np.concatenate([weights[:0:-1], weights])
        # Row i of the band holds the kernel from column i on.
        self._band = np.zeros((_ROWS, _ROWS + 2 * radius), np.float32)
        for row in range(_ROWS):
            self._band[row, row : row + self._taps] = kernel
        self._band_across = np.ascontiguousarray(self._band.T)
        self._error = _largest_error(weights)
        width = min(width, _COLUMNS)
        self._moved = np.empty((_ROWS + 2 * radius) * 3 * (width + 2 * radius), np.float32)
        self._down = np.empty(_ROWS * 3 * (width + 2 * radius), np.float32)
        self._across = np.empty(_ROWS * 3 * width, np.float32)
        self._levels = np.empty_like(self._across)

    def write(self, padded_HCW: Image, blurred_HWC: Image) -> Places | None:
        """Blur a block; return the places of values that are too near to a half.

        None where these are so many that to sum the whole block is faster.
        """
        rows, width = blurred_HWC.shape[:2]
        columns = padded_HCW.shape[2]
        moved = _part(self._moved, len(padded_HCW), 3 * columns)
        # Read as signed, a byte with its highest bit turned is the value less 128: float32 numbers
        # lie closer there.
        moved.reshape(padded_HCW.shape)[...] = (padded_HCW ^ 128).view(np.int8)
        down = _part(self._down, rows, 3 * columns)
        self._multiply_down(moved, down)
        across = _part(self._across, rows * 3, width)
        self._multiply_across(down.reshape(rows * 3, columns), across)
        levels = np.rint(across, out=_part(self._levels, rows * 3, width))
        across -= levels
        np.abs(across, out=across)
        bytes_HCW = levels.astype(np.int8).view(np.uint8).reshape(rows, 3, width)
        bytes_HCW ^= 128
        for channel in range(3):  # four times as fast as one copy of the transposed array
            blurred_HWC[:, :, channel] = bytes_HCW[:, channel]
        unsettled = np.flatnonzero(across > 0.5 - self._error)
        if len(unsettled) * self._taps > across.size:
            return None
        return np.array(np.unravel_index(unsettled, bytes_HCW.shape))

    def _multiply_down(self, moved: Floats, down: Floats) -> None:
        band = self._band[: len(down), : len(moved)]
        step = max(1, _MOST_MULTIPLICATIONS // band.size // 16 * 16)
        for left in range(0, down.shape[1], step):
            np.matmul(band, moved[:, left : left + step], out=down[:, left : left + step])

    def _multiply_across(self, down: Floats, across: Floats) -> None:
        for left in range(0, across.shape[1], _ROWS):
            columns = min(_ROWS, across.shape[1] - left)
            inputs = columns + self._taps - 1
            band = self._band_across[:inputs, :columns]
            step = max(1, _MOST_MULTIPLICATIONS // band.size)
            for top in range(0, len(down), step):
                np.matmul(
                    down[top : top + step, left : left + inputs],
                    band,
                    out=across[top : top + step, left : left + columns],
                )


def _part(buffer: Floats, rows: int, columns: int) -> Floats:
    """The beginning of a buffer as a matrix without gaps."""
    return buffer[: rows * columns].reshape(rows, columns)


def _largest_error(weights: Floats) -> float:
    """How far the products and the defined sums of one pixel can lie apart, in grey levels.

    Each addition errs by a rounding, the multiplications by one or two together. Down and then
    across the sums take radius additions each, over values up to 255 and, across, pairs of them;
    the products one for each tap, over values half as large. Last, weights in float32 sum to 1 but
    for a little, which moves what was moved by 128.
    """
    radius = len(weights) - 1
    sums = 2 * radius + 5
    products = (2 * (2 * radius + 1) + 4) / 2
    total = float(weights[0]) + 2 * float(np.sum(weights[1:], dtype=np.float64))
    return (sums + products) * _ROUNDING + 128 * abs(total**2 - 1)
