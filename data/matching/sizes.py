"""The common square of two classes: the one size that both are cropped to, without resampling.

Around the square a border of 8 px of every file is left out. A decoder interpolates chroma between
neighbours, and at the edge of a file there are none: fakes of the square's own size would show
their edges where reals, cut out of larger files, show none. So does the last block of a file whose
sides are no multiples of 16.
"""

import numpy as np
import numpy.typing as npt

from data.matching.coding import MCU_PX

Lengths = npt.NDArray[np.integer]

BORDER_PX = MCU_PX // 2
# Of either class at least this share can be cropped; the others are left out and counted.
KEPT_SHARE = 0.95


class NoCommonSize(ValueError):
    """The images of a class are smaller than any square that is worth the name."""


def inner_px(length_px: Lengths) -> Lengths:
    """What is left of sides of files within the border, of whole blocks; 0 or less for nothing."""
    return length_px // MCU_PX * MCU_PX - 2 * BORDER_PX


def common_square(
    real_N2: Lengths, fake_N2: Lengths, size_px: int | None, kept_share: float = KEPT_SHARE
) -> int | None:
    """The side in pixels of the square that both classes are cropped to.

    The largest multiple of 16 px that `kept_share` of the reals and of the fakes hold within their
    border.

    Args:
        real_N2: heights and widths of the reals.
        fake_N2: of the fakes.
        size_px: a side that somebody asks for, which is then it.
        kept_share: see above.

    Returns:
        None where all images of both classes have one and the same size: then nothing is cropped.

    Raises:
        NoCommonSize: it would be nothing.
    """
    if size_px is not None:
        return size_px
    every_N2 = np.concatenate([real_N2, fake_N2])
    if (every_N2 == every_N2[:1]).all():
        return None
    side = min(_reached(real_N2, kept_share), _reached(fake_N2, kept_share))
    if side <= 0:
        raise NoCommonSize(
            f"{1 - kept_share:.0%} of a class have a shorter side below {2 * MCU_PX} px, and no "
            "block of them is whole within a border of 8 px; take these images out."
        )
    return side


def _reached(lengths_N2: Lengths, share: float) -> int:
    """The largest side that at least this share of images hold."""
    held_N = np.sort(inner_px(lengths_N2.min(axis=1)))
    # The small tolerance: (1 - 0.9) * 10 is 0.9999999999999998.
    return int(held_N[int((1 - share) * len(held_N) + 1e-9)])
