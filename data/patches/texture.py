"""An image's plainest and its most textured patches, each laid out as an image: PatchCraft's input.

From "PatchCraft: Exploring texture patch for efficient AI-generated image detection" (arXiv
2311.12397), which calls it smash and reconstruction.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.operation_registry import Image
from data.patches.complexity import Corners, complexities


@dataclass(frozen=True)
class TextureOrder:
    """The patches that were drawn, from the plainest to the most textured.

    Attributes:
        size_px: side of each.
        corners_N2: row and column of each one's upper left corner, as drawn.
        complexity_N: of each, in that order.
        ascending_N: their places, from the lowest complexity on; of equal ones the first drawn.
    """

    size_px: int
    corners_N2: Corners
    complexity_N: npt.NDArray[np.int64]
    ascending_N: npt.NDArray[np.int64]

    def poor_and_rich(self, image_HWC: Image, side_px: int) -> Image:
        """Two squares of side side_px beside each other, shape (side_px, 2 * side_px, 3).

        On the left the plainest patches, line by line from the plainest on; on the right the most
        textured ones, from the most textured on.

        Args:
            image_HWC: what the patches were drawn of.
            side_px: a multiple of the patches' side, of no more squares than patches.
        """
        size_px, across = self.size_px, side_px // self.size_px
        laid_out_HWC = np.empty((side_px, 2 * side_px, 3), np.uint8)
        for start_px, order_N in ((0, self.ascending_N), (side_px, self.ascending_N[::-1])):
            for place, (row, column) in enumerate(self.corners_N2[order_N[: across**2]].tolist()):
                down_px, right_px = (size_px * step for step in divmod(place, across))
                laid_out_HWC[
                    down_px : down_px + size_px,
                    start_px + right_px : start_px + right_px + size_px,
                ] = image_HWC[row : row + size_px, column : column + size_px]
        return laid_out_HWC


def order_by_texture(image_HWC: Image, corners_N2: Corners, size_px: int) -> TextureOrder:
    """Order patches by how much neighbouring pixels differ, in all four directions.

    Args:
        image_HWC: uint8 RGB, at least size_px each way.
        corners_N2: upper left corners, as `data.patches.choice.drawn_corners` gives them.
        size_px: side of the patches.
    """
    complexity_N = complexities(image_HWC, corners_N2, size_px)
    ascending_N = np.argsort(complexity_N, kind="stable").astype(np.int64)
    return TextureOrder(size_px, corners_N2, complexity_N, ascending_N)
