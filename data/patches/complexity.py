"""How simple patches are: the sum of absolute differences between neighbouring pixels.

Of SSP (arXiv 2402.01123). Whole numbers throughout, so equal patches tie exactly, and the same
numbers come out on a GPU (`detectors/networks/patch_complexity.py`).
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from data.operation_registry import Image

Directions = Literal["all", "no_diagonals"]
Corners = npt.NDArray[np.int64]
"""Rows and columns of upper left corners, shape (N, 2)."""

LINES_IN_16_BITS = 257
"""So many differences of at most 255 sum up to 65,535."""

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
    return np.concatenate(
        [
            _complexities(
                gathered(image_HWC, corners_N2[start : start + at_once], size_px), directions
            )
            for start in range(0, len(corners_N2), at_once)
        ]
    )


def gathered(image_HWC: Image, corners_N2: Corners, size_px: int) -> npt.NDArray[np.uint8]:
    """The patches at some corners in one array, patches_NHWC."""
    windows = sliding_window_view(image_HWC, (size_px, size_px), (0, 1))  # type: ignore[call-overload]
    patches_NHWC: npt.NDArray[np.uint8] = windows[corners_N2[:, 0], corners_N2[:, 1]]
    return np.ascontiguousarray(patches_NHWC.transpose(0, 2, 3, 1))


def _complexities(
    patches_NHWC: npt.NDArray[np.uint8], directions: Directions
) -> npt.NDArray[np.int64]:
    x_NHWC = patches_NHWC.astype(np.int16)
    total_N = _sums(x_NHWC[:, :, 1:], x_NHWC[:, :, :-1])
    total_N += _sums(x_NHWC[:, 1:], x_NHWC[:, :-1])
    if directions == "all":
        total_N += _sums(x_NHWC[:, 1:, 1:], x_NHWC[:, :-1, :-1])
        total_N += _sums(x_NHWC[:, 1:, :-1], x_NHWC[:, :-1, 1:])
    return total_N


def _sums(a_NHWC: npt.NDArray[np.int16], b_NHWC: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Of |a - b| for each patch; first over the lines in 16 bits, which is most of the work."""
    differences = a_NHWC - b_NHWC
    np.abs(differences, out=differences)
    narrow = np.uint16 if differences.shape[1] <= LINES_IN_16_BITS else np.uint32
    sums_NWC = differences.sum(axis=1, dtype=narrow)
    sums_N: npt.NDArray[np.int64] = sums_NWC.reshape(len(sums_NWC), -1).sum(axis=1, dtype=np.int64)
    return sums_N
