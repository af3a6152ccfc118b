"""The common square of two classes: the one size that both are cropped to, without resampling."""

import numpy as np
import numpy.typing as npt

from data.matching.coding import MCU_PX

Lengths = npt.NDArray[np.integer]

# Of either class at least this share can be cropped; the others are left out and counted.
KEPT_SHARE = 0.95
SMALLEST_PX = 8


class NoCommonSize(ValueError):
    """The images of a class are smaller than any square that is worth the name."""


def common_square(
    real_N2: Lengths, fake_N2: Lengths, size_px: int | None, kept_share: float = KEPT_SHARE
) -> int | None:
    """The side in pixels of the square that both classes are cropped to.

    The largest multiple of 16 px (of 8, below 16) that the shorter sides of `kept_share` of the
    reals and of the fakes reach. Whole blocks of JPEG then make up the square, in reals and in
    fakes.

    Args:
        real_N2: heights and widths of the reals.
        fake_N2: of the fakes.
        size_px: a side that somebody asks for, which is then it.
        kept_share: see above.

    Returns:
        None where all images of both classes have one and the same size: then nothing is cropped.

    Raises:
        NoCommonSize: it would be below 8 px.
    """
    if size_px is not None:
        return size_px
    every_N2 = np.concatenate([real_N2, fake_N2])
    if (every_N2 == every_N2[:1]).all():
        return None
    reached = min(_reached(real_N2, kept_share), _reached(fake_N2, kept_share))
    step = MCU_PX if reached >= MCU_PX else SMALLEST_PX
    side = reached // step * step
    if side < SMALLEST_PX:
        raise NoCommonSize(
            f"{1 - kept_share:.0%} of a class have a shorter side of {reached} px or less, and a "
            f"square below {SMALLEST_PX} px shows nothing; take these images out."
        )
    return side


def _reached(lengths_N2: Lengths, share: float) -> int:
    """The largest shorter side that at least this share of images reach."""
    shorter_N = np.sort(lengths_N2.min(axis=1))
    # The small tolerance: 0.05 * 20 is 1.0000000000000009.
    return int(shorter_N[int((1 - share) * len(shorter_N) + 1e-9)])
