"""Complexities of many patches of a batch of images at once, on the device.

The same whole numbers as `data/patches/complexity.py`, so the same patch is chosen; that module
says what is summed. B batch, C channels, N patches, S side of a patch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from data.patches.choice import Choose
from data.patches.complexity import Directions


def batch_complexities(
    images_BCHW: Tensor, corners_BN2: Tensor, size_px: int, directions: Directions = "all"
) -> Tensor:
    """The complexity of each patch, int64, shape (B, N).

    Args:
        images_BCHW: uint8, of one size.
        corners_BN2: int64, row and column of upper left corners, on the same device.
        size_px: side of the patches.
        directions: of the differences that are summed.
    """
    x_BNCSS = gathered_patches(images_BCHW, corners_BN2, size_px).to(torch.int16)
    total_BN = _sums(x_BNCSS[..., :, 1:], x_BNCSS[..., :, :-1])
    total_BN += _sums(x_BNCSS[..., 1:, :], x_BNCSS[..., :-1, :])
    if directions == "all":
        total_BN += _sums(x_BNCSS[..., 1:, 1:], x_BNCSS[..., :-1, :-1])
        total_BN += _sums(x_BNCSS[..., 1:, :-1], x_BNCSS[..., :-1, 1:])
    return total_BN


def chosen_patches(
    images_BCHW: Tensor,
    corners_BN2: Tensor,
    size_px: int,
    choose: Choose = "simplest",
    directions: Directions = "all",
) -> tuple[Tensor, Tensor]:
    """The patch of each image as `data.patches.choice.choose_patch` takes it.

    Returns:
        patches_BCSS, uint8, and the place of each among the drawn ones, shape (B,).
    """
    batch, count = corners_BN2.shape[:2]
    chosen_B = torch.zeros(batch, dtype=torch.int64, device=images_BCHW.device)
    if choose != "random":
        complexity_BN = batch_complexities(images_BCHW, corners_BN2, size_px, directions)
        sign = 1 if choose == "simplest" else -1
        places_N = torch.arange(count, device=images_BCHW.device)
        # Of equal ones the first, on every device: no two of these numbers are equal.
        chosen_B = (sign * complexity_BN * count + places_N).argmin(dim=1)
    own_B12 = corners_BN2[torch.arange(batch, device=images_BCHW.device), chosen_B][:, None]
    return gathered_patches(images_BCHW, own_B12, size_px)[:, 0], chosen_B


def gathered_patches(images_BCHW: Tensor, corners_BN2: Tensor, size_px: int) -> Tensor:
    """The patches at some corners, patches_BNCSS."""
    windows = images_BCHW.unfold(2, size_px, 1).unfold(3, size_px, 1)
    of_image_B1 = torch.arange(len(images_BCHW), device=images_BCHW.device)[:, None]
    return windows[of_image_B1, :, corners_BN2[..., 0], corners_BN2[..., 1]]


def _sums(a_BNCSS: Tensor, b_BNCSS: Tensor) -> Tensor:
    return (a_BNCSS - b_BNCSS).abs_().sum(dim=(2, 3, 4), dtype=torch.int64)
