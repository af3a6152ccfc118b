"""How simple patches are: the sum of absolute differences between neighbouring pixels.

Of SSP (arXiv 2402.01123). Whole numbers throughout, so equal patches tie exactly, and the same
numbers come out on a GPU (`detectors/networks/patch_complexity.py`).
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from data.operation_registry import Image

Directions = Literal["all", "no_diagonals"]
Corners = npt.NDArray[np.int64]
"""Rows and columns of upper left corners, shape (N, 2)."""

LINES_IN_16_BITS = 64
"""So many sums of four differences of at most 255 are below 65,536."""

PIXELS_AT_ONCE = 1 << 20
"""Of the patches that are measured together: about 20 MB."""


def complexities(
    image_HWC: Image, corners_N2: Corners, size_px: int, directions: Directions = "all"
) -> npt.NDArray[np.int64]:
    """The complexity of each patch, shape (N,); 0 is one colour.

    The sum, over the three channels, of |a - b| over all pairs of neighbours within the patch: left
    and right, above and below and, with directions `all`, on both diagonals.

    Args:
        image_HWC: uint8 RGB.
        corners_N2: upper left corners, each with size_px pixels below and to the right.
        size_px: side of the patches.
        directions: `all` is the official code's, `no_diagonals` the seed study's.
    """
    at_once = max(1, PIXELS_AT_ONCE // size_px**2)
    parts = [
        _complexities(_stacked(image_HWC, corners_N2[start : start + at_once], size_px), directions)
        for start in range(0, len(corners_N2), at_once)
    ]
    return np.concatenate(parts)


def _stacked(image_HWC: Image, corners_N2: Corners, size_px: int) -> npt.NDArray[np.int16]:
    """The patches at some corners, patches_NHWC, signed so that they can be subtracted."""
    patches_NHWC = np.empty((len(corners_N2), size_px, size_px, 3), np.int16)
    for patch_HWC, (row, column) in zip(patches_NHWC, corners_N2.tolist(), strict=True):
        patch_HWC[:] = image_HWC[row : row + size_px, column : column + size_px]
    return patches_NHWC


def _complexities(
    patches_NHWC: npt.NDArray[np.int16], directions: Directions
) -> npt.NDArray[np.int64]:
    """Of stacked patches, each as one long line.

    A neighbour is then a fixed distance away, and whole patches are subtracted in one go, twice as
    fast as by rectangles; where a distance leads around the edge, the difference is set to zero.
    """
    count, size_px = patches_NHWC.shape[:2]
    if size_px == 1:
        return np.zeros(count, np.int64)
    line = 3 * size_px
    x_NL = patches_NHWC.reshape(count, -1)
    right, below, last = 3, line, size_px - 1
    ways = [(below, None), (right, last)]
    if directions == "all":
        ways += [(below + right, last), (below - right, 0)]
    total_NL, difference_NL = np.zeros_like(x_NL), np.zeros_like(x_NL)
    for distance, edge in ways:
        part_NL = difference_NL[:, :-distance]
        np.subtract(x_NL[:, distance:], x_NL[:, :-distance], out=part_NL)
        np.abs(part_NL, out=part_NL)
        difference_NL[:, -distance:] = 0
        if edge is not None:
            difference_NL.reshape(patches_NHWC.shape)[:, :, edge] = 0
        total_NL += difference_NL
    # First over the lines, in 16 bits while they suffice: most of the work of a sum.
    narrow = np.uint16 if size_px <= LINES_IN_16_BITS else np.uint32
    lines_NHL = total_NL.view(np.uint16).reshape(count, size_px, line)
    sums_N: npt.NDArray[np.int64] = lines_NHL.sum(axis=1, dtype=narrow).sum(axis=1, dtype=np.int64)
    return sums_N
