"""An image of any size as squares of one side.

B batch, N squares per image, C channels, H/W pixels, S side of a square.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Patches:
    """The squares of each image, and how they lie: row by row, or as five crops in one row."""

    squares_BNCSS: Tensor
    rows: int
    columns: int

    def laid_out(self, maps_BNCHW: Tensor) -> Tensor:
        """Maps of the squares, one each, side by side as the squares lie: maps_BCHW."""
        batch, _, channels, height, width = maps_BNCHW.shape
        grid = maps_BNCHW.unflatten(1, (self.rows, self.columns)).permute(0, 3, 1, 4, 2, 5)  # type: ignore[no-untyped-call]
        return grid.reshape(batch, channels, self.rows * height, self.columns * width)


def cut_into_patches(
    images_BCHW: Tensor, side_px: int, stride_px: int, fewest: int, *, five_crops: bool = True
) -> Patches:
    """Squares at multiples of the stride; what is left over at the right and below is dropped.

    An image with a shorter side is continued by reflection first. One with fewer squares than
    `fewest` gives its four corners and its middle instead, which overlap; where these are one and
    the same square, that one alone: attention over equal squares is the square itself.

    Args:
        images_BCHW: any size.
        side_px: of a square.
        stride_px: between their left or upper edges.
        fewest: squares that are enough.
        five_crops: False takes as many as there are, as the official code does in training.
    """
    images_BCHW = reflected_up_to(images_BCHW, side_px)
    height, width = images_BCHW.shape[2:]
    rows, columns = (height - side_px) // stride_px + 1, (width - side_px) // stride_px + 1
    is_one_square = height == width == side_px
    if five_crops and rows * columns < fewest and not is_one_square:
        return Patches(_five_crops(images_BCHW, side_px), 1, 5)
    squares = images_BCHW.unfold(2, side_px, stride_px).unfold(3, side_px, stride_px)
    return Patches(squares.permute(0, 2, 3, 1, 4, 5).flatten(1, 2), rows, columns)


def _five_crops(images_BCHW: Tensor, side_px: int) -> Tensor:
    """Upper left, upper right, lower left, lower right, middle; as torchvision's `five_crop`."""
    below, right = images_BCHW.shape[2] - side_px, images_BCHW.shape[3] - side_px
    corners = [(0, 0), (0, right), (below, 0), (below, right), (round(below / 2), round(right / 2))]
    crops = [images_BCHW[:, :, y : y + side_px, x : x + side_px] for y, x in corners]
    return torch.stack(crops, dim=1)


def reflected_up_to(images_BCHW: Tensor, side_px: int) -> Tensor:
    """Images whose sides are at least `side_px`, continued by reflection on both ends.

    As albumentations' `PadIfNeeded` has it: the image in the middle, one pixel more at the end
    where the room is odd, the border not repeated. Reflected as often as it takes.
    """
    for axis in (2, 3):
        size = images_BCHW.shape[axis]
        if size < side_px:
            start = (side_px - size) // 2
            positions = torch.arange(side_px, device=images_BCHW.device) - start
            period = max(2 * (size - 1), 1)
            folded = positions.remainder(period)
            images_BCHW = images_BCHW.index_select(axis, torch.minimum(folded, period - folded))
    return images_BCHW
