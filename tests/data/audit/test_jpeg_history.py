"""Shares of small coefficients: of what they are shares, and where the grid lies."""

import numpy as np
import pytest

from data.audit.jpeg_history import luminance, near_zero_shares
from data.jpeg import jpeg_coded


def photograph(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height)
    smooth = rng.normal(0, 6, (height, width, 3)).cumsum(axis=0).cumsum(axis=1)
    scaled = (smooth - smooth.min()) / np.ptp(smooth) * 200 + rng.normal(0, 8, smooth.shape)
    return np.clip(scaled + 20, 0, 255).astype(np.uint8)


def test_the_mean_of_a_block_is_no_coefficient_of_the_share() -> None:
    for level in (0, 128):
        shares = near_zero_shares(np.full((40, 40), level, np.float32))
        assert np.array_equal(shares, np.ones((8, 8)))


@pytest.mark.parametrize("size", [(64, 72), (200, 216), (203, 301)])
def test_the_grid_is_found_where_the_file_has_it_however_large(size: tuple[int, int]) -> None:
    """Of a large picture the middle is looked at, cut so that its blocks are the file's."""
    coded = jpeg_coded(photograph(*size), 60, "4:4:4")
    for row, column in ((0, 0), (3, 5)):
        shares = near_zero_shares(luminance(coded)[row:, column:])
        assert np.unravel_index(shares.argmax(), shares.shape) == (-row % 8, -column % 8)
