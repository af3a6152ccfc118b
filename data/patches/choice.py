"""Which patch of an image is taken: corners drawn at random, one of them chosen."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from data.operation_registry import Image
from data.patches.complexity import Corners, Directions, complexities

Choose = Literal["simplest", "random", "richest"]


@dataclass(frozen=True)
class PatchChoice:
    """The patches that were drawn, and the one that was taken.

    Attributes:
        size_px: side of each.
        corners_N2: row and column of each one's upper left corner.
        complexity_N: of each; None where the choice did not ask.
        chosen: its place among them.
    """

    size_px: int
    corners_N2: Corners
    complexity_N: npt.NDArray[np.int64] | None
    chosen: int

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of the taken patch's upper left corner."""
        row, column = self.corners_N2[self.chosen]
        return int(row), int(column)

    def cut(self, image_HWC: Image) -> Image:
        """The taken patch, a view of the image."""
        row, column = self.corner
        return image_HWC[row : row + self.size_px, column : column + self.size_px]


def drawn_corners(
    height: int, width: int, size_px: int, of: int, rng: np.random.Generator
) -> Corners:
    """`of` corners, each uniform over the image; patches may overlap and repeat."""
    return rng.integers(0, (height - size_px + 1, width - size_px + 1), (of, 2), np.int64)


def choose_patch(
    image_HWC: Image,
    corners_N2: Corners,
    size_px: int,
    choose: Choose = "simplest",
    directions: Directions = "all",
) -> PatchChoice:
    """Choose one of the patches at some corners.

    simplest: the lowest complexity, richest: the highest, of equal ones the first. random: the
    first that was drawn, so that the three can be compared on the same draws.

    Args:
        image_HWC: uint8 RGB, at least size_px each way.
        corners_N2: as `drawn_corners` gives them.
        size_px: side of the patches.
        choose: which.
        directions: of the differences that are summed.
    """
    if choose == "random":
        return PatchChoice(size_px, corners_N2, None, 0)
    complexity_N = complexities(image_HWC, corners_N2, size_px, directions)
    best = complexity_N.argmin() if choose == "simplest" else complexity_N.argmax()
    return PatchChoice(size_px, corners_N2, complexity_N, int(best))
