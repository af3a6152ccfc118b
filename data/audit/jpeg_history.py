"""Whether pixels were once a JPEG, whatever file they lie in now.

A JPEG coder rounds the 8 x 8 cosine transform of each block to multiples of its quantisation steps.
Decoded again, the coefficients of that grid lie within rounding error of those multiples, most of
them of zero; on a grid shifted by a pixel or more they are smeared out. So the share of AC
coefficients of luminance in (-1, 1) stands out at the grid's own place among the 64 shifts.

    S(a, b)   = share of the AC coefficients with |c| < 1, blocks starting at row a, column b mod 8
    statistic = (max S - mean of the others) / (their standard deviation + 0.002)

The share in (-1, 1) is the feature of Luo, Huang and Qiu, "JPEG Error Analysis and Its Applications
to Digital Image Forensics" (IEEE TIFS 5(3), 2010, section IV); that rounding shows in the histogram
of decoded coefficients is Fan and de Queiroz, "Identification of Bitmap Compression History" (IEEE
TIP 12(2), 2003). Holding it against the shifted grids is ours: it makes smooth pictures, which have
small coefficients on every grid, calm, and finds a grid that a crop has moved.

Not seen: steps of 1 (quality 98 and more), a picture that was scaled after it was decoded, and
fewer than 24 x 24 pixels.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from data.pipelines import Image

BLOCK = 8
SMALLEST_PX = 3 * BLOCK
# Of large pictures the middle tells enough: 576 blocks on each of 64 grids.
_SIDE_PX = 192
_NOISE = 0.002

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as JPEG has it
_FREQUENCY, _PLACE = np.mgrid[0:BLOCK, 0:BLOCK]
_COSINES = np.cos((2 * _PLACE + 1) * _FREQUENCY * math.pi / (2 * BLOCK)) * math.sqrt(2 / BLOCK)
_COSINES[0] /= math.sqrt(2)
_DCT = _COSINES.astype(np.float32)  # (frequency, place), orthonormal


def luminance(image_HWC: Image) -> npt.NDArray[np.float32]:
    """Luminance in grey levels of 0 to 255, not rounded, shape (H, W)."""
    return image_HWC.astype(np.float32) @ _LUMA


def grid_statistic(luminance_HW: npt.NDArray[np.float32]) -> float:
    """How far one grid of 8 x 8 blocks stands out; nan below 24 x 24 pixels.

    Args:
        luminance_HW: in grey levels of 0 to 255, as `luminance` gives it.

    Returns:
        The statistic of this module: a few units by chance, tens to hundreds after JPEG.
    """
    shares = near_zero_shares(luminance_HW)
    if shares is None:
        return math.nan
    flat = np.sort(shares.ravel())
    return float((flat[-1] - flat[:-1].mean()) / (flat[:-1].std() + _NOISE))


def near_zero_shares(luminance_HW: npt.NDArray[np.float32]) -> npt.NDArray[np.float64] | None:
    """S(a, b), shape (8, 8), of the middle of a picture; None below 24 x 24 pixels."""
    middle = _middle(luminance_HW)
    if min(middle.shape) < SMALLEST_PX:
        return None
    # The transform of the block at every pixel, rows first, then columns.
    rows = np.lib.stride_tricks.sliding_window_view(middle, BLOCK, axis=1) @ _DCT.T
    blocks = np.lib.stride_tricks.sliding_window_view(rows, BLOCK, axis=0) @ _DCT.T
    is_small = np.abs(blocks) < 1  # (H - 7, W - 7, frequency of rows, of columns)
    counts = is_small.sum(axis=(2, 3)) - is_small[:, :, 0, 0]
    shares = np.empty((BLOCK, BLOCK))
    for row in range(BLOCK):
        for column in range(BLOCK):
            shares[row, column] = counts[row::BLOCK, column::BLOCK].mean() / (BLOCK**2 - 1)
    return shares


def _middle(luminance_HW: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The middle of at most 192 px, cut at multiples of 8 so that shifts keep their meaning."""
    height, width = luminance_HW.shape
    top, left = ((max(side - _SIDE_PX, 0) // 2) // BLOCK * BLOCK for side in (height, width))
    return luminance_HW[top : top + _SIDE_PX, left : left + _SIDE_PX]
