"""NPR's residual: each pixel minus a neighbour of it (arXiv 2312.10461).

B batch, C channels, H/W pixels, l the side of a block.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import torch
from torch import Tensor
from torch.nn import functional

CPU = torch.device("cpu")

FIRST_PIXEL = "w1"
"""The official reference pixel."""


def npr_residual(
    images_BCHW: Tensor, factor: float, mode: str = "nearest", reference: str = FIRST_PIXEL
) -> Tensor:
    """The image minus itself shrunk and enlarged: x - up(down(x, factor), size of x), any size.

    The official code enlarges by 1/factor, which misses the original size for many sizes (225 at
    0.5, 224 at 1/3) and then crashes; enlarging to the original size is equal where it does not.
    `nearest` is a choice of one source pixel per pixel, so nothing is interpolated: for factor 1/l
    and sizes divisible by l each pixel is compared with the first of its l x l block.

    Args:
        images_BCHW: float32.
        factor: scale of the shrunk image, 0 < factor < 1.
        mode: interpolation of both steps.
        reference: what a pixel of a block is compared with, see `block_reference`; any but w1
            wants `nearest` and a factor 1/l.

    Raises:
        ValueError: an image so small that nothing of it is left after shrinking.
    """
    batch, channels, height, width = images_BCHW.shape
    if min(int(height * factor), int(width * factor)) < 1:
        raise ValueError(
            f"An image of {height} x {width} px has no pixel left at NPR factor {factor}; "
            f"give images of at least {ceil(1 / factor)} px or a larger factor."
        )
    if reference != FIRST_PIXEL:
        return images_BCHW - block_reference(images_BCHW, round(1 / factor), reference)
    block = _block_side(height, factor) if mode == "nearest" else 0
    if block and block == _block_side(width, factor):
        # Enlarged across the columns only; down the rows it is broadcast, in either memory layout.
        first = images_BCHW[:, :, ::block, ::block].repeat_interleave(block, 3)
        in_blocks = images_BCHW.view(batch, channels, height // block, block, width)
        return (in_blocks - first[:, :, :, None]).flatten(2, 3)
    if mode == "nearest" and images_BCHW.device != CPU:
        # The CPU's choice of pixels, whatever another device's rounding of positions is.
        rows = _nearest_source(height, factor, images_BCHW.device)
        columns = _nearest_source(width, factor, images_BCHW.device)
        return images_BCHW - images_BCHW.index_select(2, rows).index_select(3, columns)
    small = functional.interpolate(
        images_BCHW, scale_factor=factor, mode=mode, recompute_scale_factor=True
    )
    return images_BCHW - functional.interpolate(small, size=(height, width), mode=mode)


def block_reference(images_BCHW: Tensor, side: int, reference: str) -> Tensor:
    """What each pixel is compared with in its block of side x side pixels; the same shape.

    Blocks begin at the top left. One that the border cuts has the pixels that there are: its mean
    and maximum are of these, and a reference pixel outside becomes the nearest one inside.

    Args:
        images_BCHW: float32.
        side: of a block, in pixels.
        reference: `w1`, `w2`, ... count a block's pixels row by row from its top left (for blocks
            of 2 as in the paper's Table 7; for larger ones the order is our reading), `avg` and
            `max` are the block's mean and maximum, per channel.
    """
    height, width = images_BCHW.shape[-2:]
    if reference == "avg":
        small = functional.avg_pool2d(images_BCHW, side, ceil_mode=True)
    elif reference == "max":
        small = functional.max_pool2d(images_BCHW, side, ceil_mode=True)
    else:
        down, right = divmod(int(reference.removeprefix("w")) - 1, side)
        rows = torch.arange(down, height + down, side, device=images_BCHW.device)
        columns = torch.arange(right, width + right, side, device=images_BCHW.device)
        small = images_BCHW.index_select(2, rows.clamp(max=height - 1))
        small = small.index_select(3, columns.clamp(max=width - 1))
    enlarged = small.repeat_interleave(side, 2).repeat_interleave(side, 3)
    return enlarged[:, :, :height, :width]


@lru_cache(maxsize=4096)
def _nearest_source(size_px: int, factor: float, device: torch.device = CPU) -> Tensor:
    """For each position of a line, the position whose pixel it gets after down and up.

    Interpolating the positions themselves leaves every rounding question to torch: this is its
    answer, not a copy of its formula. In float32 like the images, because torch computes the
    scale in the type of its input; positions are exact in it up to 2^24.
    """
    # Kept for later calls, which may be part of a training: made in a prediction it would be an
    # inference tensor, which no gradient goes through. On the device too, since a copy in each
    # forward pass would wait for the GPU.
    with torch.inference_mode(False):
        positions = torch.arange(size_px, dtype=torch.float32).view(1, 1, -1)
        small = functional.interpolate(
            positions, scale_factor=factor, mode="nearest", recompute_scale_factor=True
        )
        source = functional.interpolate(small, size=size_px, mode="nearest").view(-1).long()
        return source.to(device)


@lru_cache(maxsize=4096)
def _block_side(size_px: int, factor: float) -> int:
    """Side l where each pixel's source is the first of its block of l; 0 where it is not."""
    side = round(1 / factor)
    if size_px % side:
        return 0
    first = torch.arange(0, size_px, side).repeat_interleave(side)
    return side if torch.equal(first, _nearest_source(size_px, factor)) else 0
