"""A Gaussian blur by matrix products: fast, and off the defined sums by a proven error at most.

The kernel as a band of a matrix blurs a block: from the left down its columns, from the right
across its rows. All blocks of an image have one shape, so that all their products are two calls;
what a block at the border has too much of is never looked at.
"""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from data.pipelines import Image

Floats = npt.NDArray[np.float32]
Moved = npt.NDArray[np.int8]
"""Pixels less 128, shape height, 3, width: float32 numbers lie closer there."""
Indices = npt.NDArray[np.intp]

LARGEST_RADIUS_PX = 64
"""Above it the proven error is so large that too many pixels are left to sum."""

# Of a block: what belongs to it stays in a core's cache.
_ROWS = 64
_COLUMNS = 512
# Of one product: few, since a band of n rows is multiplied with n + 2 * radius values each.
_ROWS_DOWN = 8
_COLUMNS_ACROSS = 32
# The library behind numpy shares a product of more multiplications among threads of its own.
_MOST_MULTIPLICATIONS = 1 << 18
# Half the distance between neighbouring float32 numbers from 128 to 256, the largest rounding
# error of one operation; for values moved to -128..128 it is half of that.
_ROUNDING = 2.0**-17


class Products:
    """Blurs the blocks of one image.

    Args:
        weights: of the offsets 0 to radius, at most LARGEST_RADIUS_PX.
        height, width: of the image in pixels.

    Attributes:
        shape: rows, channels and columns of a block.
    """

    def __init__(self, weights: Floats, height: int, width: int) -> None:
        radius = len(weights) - 1
        self._taps = 2 * radius + 1
        self._error = largest_error(weights)
        rows = _equal_part(height, _ROWS, _ROWS_DOWN)
        columns = _equal_part(width, _COLUMNS, _COLUMNS_ACROSS)
        self.shape = rows, 3, columns

        self._band_down = _band(weights, _ROWS_DOWN)
        most = _MOST_MULTIPLICATIONS // self._band_down.size
        at_once = _equal_part(columns + 2 * radius, most, 16)
        around = _up_to(columns + 2 * radius, at_once)
        self._moved = np.zeros((rows + 2 * radius, 3, around), np.float32)
        self._down = np.empty((rows, 3, around), np.float32)
        windows = _windows(self._moved.reshape(-1, 3 * around), len(self._band_down.T), at_once)
        self._moved_windows = windows[::_ROWS_DOWN, ::at_once]
        self._down_tiles = _tiles(self._down.reshape(-1, 3 * around), _ROWS_DOWN, at_once)

        self._band_across = np.ascontiguousarray(_band(weights, _COLUMNS_ACROSS).T)
        most = _MOST_MULTIPLICATIONS // self._band_across.size
        at_once = next(n for n in range(most, 0, -1) if 3 * rows % n == 0)
        # Where nothing is read any more: less memory stays nearer to the core.
        self._distance = _beginning(self._moved, 3 * rows, columns)
        self._levels = _beginning(self._down, 3 * rows, columns)
        windows = _windows(self._down.reshape(-1, around), at_once, len(self._band_across))
        self._down_windows = windows[::at_once, :columns:_COLUMNS_ACROSS]
        self._across_tiles = _tiles(self._distance, at_once, _COLUMNS_ACROSS)
        self._bytes = np.empty(self._levels.shape, np.int8)
        self._is_near = np.empty(self._levels.shape, np.bool_)

    def write(self, moved_HCW: Moved, blurred_HWC: Image) -> Indices | None:
        """Blur a block; return which of its values are too near to a half, as indices of `shape`.

        None where these are so many that to sum the whole block is faster.

        Args:
            moved_HCW: the block with radius pixels more on each side.
            blurred_HWC: where it is written to; at a border smaller than `shape`.
        """
        height, _, width = moved_HCW.shape
        self._moved[:height, :, :width] = moved_HCW
        np.matmul(self._band_down, self._moved_windows, out=self._down_tiles)
        np.matmul(self._down_windows, self._band_across, out=self._across_tiles)
        np.rint(self._distance, out=self._levels)
        self._distance -= self._levels
        np.abs(self._distance, out=self._distance)
        np.copyto(self._bytes, self._levels, casting="unsafe")
        levels_HCW = self._bytes.view(np.uint8).reshape(self.shape)
        levels_HCW ^= 128
        height, width = blurred_HWC.shape[:2]
        for channel in range(3):  # four times as fast as one copy of the transposed array
            blurred_HWC[:, :, channel] = levels_HCW[:height, channel, :width]
        np.greater(self._distance, np.float32(0.5 - self._error), out=self._is_near)
        unsettled = _sparse_indices(self._is_near)
        return None if len(unsettled) * self._taps > self._distance.size else unsettled


def largest_error(weights: Floats) -> float:
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


def _band(weights: Floats, rows: int) -> Floats:
    """Row i holds the whole kernel from column i on."""
    kernel = np.concatenate([weights[:0:-1], weights])
    band = np.zeros((rows, rows + len(kernel) - 1), np.float32)
    for row in range(rows):
        band[row, row : row + len(kernel)] = kernel
    return band


def _windows(matrix: Floats, rows: int, columns: int) -> Floats:
    """Every part of so many rows and columns, by its first row and column; views, which overlap."""
    return sliding_window_view(matrix, (rows, columns))


def _tiles(matrix: Floats, rows: int, columns: int) -> Floats:
    """The parts of so many rows and columns side by side; views."""
    high, wide = matrix.shape[0] // rows, matrix.shape[1] // columns
    return matrix.reshape(high, rows, wide, columns).swapaxes(1, 2)


def _beginning(buffer: Floats, rows: int, columns: int) -> Floats:
    """The first numbers of an array as a matrix; a view."""
    return buffer.reshape(-1)[: rows * columns].reshape(rows, columns)


def _sparse_indices(marks: npt.NDArray[np.bool_]) -> Indices:
    """The flat indices of the few that are set: eight are looked at as one number.

    Args:
        marks: contiguous, a multiple of eight.
    """
    eights = marks.reshape(-1, 8)
    groups = np.flatnonzero(eights.view(np.uint64))
    which, place = np.nonzero(eights[groups])
    return groups[which] * 8 + place


def _equal_part(length: int, most: int, multiple: int) -> int:
    """The length of equal parts of at most `most`, each brought up to a multiple of a number."""
    parts = -(-length // (most // multiple * multiple))
    return _up_to(-(-length // parts), multiple)


def _up_to(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple
