"""mixup and cutmix: an image and its partner made one, targets by what is seen of each.

N images chosen of a batch, H/W pixels.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from detectors.batch_augmentation.batch import BatchDraws, TrainingBatch
from detectors.batch_augmentation.implementations import implements

Numbers = npt.NDArray[np.float64]


@implements("mixup")
def mixup(batch: TrainingBatch, draws: BatchDraws, alpha: float) -> TrainingBatch:
    """(1 - m) x + m x_partner."""
    share = draws.beta(alpha)
    return _mixed(batch, draws, draws.on_device(share), share)


@implements("cutmix")
def cutmix(batch: TrainingBatch, draws: BatchDraws, alpha: float) -> TrainingBatch:
    """A rectangle of the partner."""
    inside, share = _rectangles(batch, draws, alpha)
    return _mixed(batch, draws, inside, share)


@implements("mixup_or_cutmix")
def mixup_or_cutmix(
    batch: TrainingBatch,
    draws: BatchDraws,
    mixup_alpha: float,
    cutmix_alpha: float,
    cutmix_share: float,
) -> TrainingBatch:
    """For each image one of the two."""
    is_cut = draws.uniform(0.0, 1.0) < cutmix_share
    whole = draws.beta(mixup_alpha)
    inside, area = _rectangles(batch, draws, cutmix_alpha)
    choice = torch.from_numpy(is_cut).view(-1, 1, 1, 1).to(inside.device)
    weight = torch.where(choice, inside, draws.on_device(whole))
    return _mixed(batch, draws, weight, np.where(is_cut, area, whole))


def _mixed(
    batch: TrainingBatch, draws: BatchDraws, weight: Tensor, share: Numbers
) -> TrainingBatch:
    """Images with their partners' pixels by weight, which broadcasts to (N, 3, H, W)."""
    partners = draws.partners(within_label=False)
    images_NCHW = torch.lerp(draws.taken(draws.rows), draws.taken(partners), weight)
    return replace(
        batch,
        images_BCHW=draws.replaced(images_NCHW),
        target_B=draws.mixed_targets(partners, share),
    )


def _rectangles(batch: TrainingBatch, draws: BatchDraws, alpha: float) -> tuple[Tensor, Numbers]:
    """1 inside of a rectangle for each image, (N, 1, H, W), and its share of the area."""
    height, width = batch.images_BCHW.shape[-2:]
    side = np.sqrt(draws.beta(alpha))
    edges = []
    for length in (height, width):
        middle = np.floor(draws.uniform(0.0, length))
        half = np.floor(side * length) // 2
        edges.append((np.clip(middle - half, 0, length), np.clip(middle + half, 0, length)))
    (top, bottom), (left, right) = edges
    share: Numbers = (bottom - top) * (right - left) / (height * width)
    inside = rectangle_mask(draws, (height, width), top, bottom, left, right)
    return inside.to(batch.images_BCHW.dtype), share


def rectangle_mask(
    draws: BatchDraws,
    size: tuple[int, int],
    top: Numbers,
    bottom: Numbers,
    left: Numbers,
    right: Numbers,
) -> Tensor:
    """Where top <= row < bottom and left <= column < right for each image, (N, 1, H, W)."""
    corners = [draws.on_device(edge) for edge in (top, bottom, left, right)]
    device = corners[0].device
    row_H1 = torch.arange(size[0], device=device)[:, None]
    column_W = torch.arange(size[1], device=device)
    is_row = (row_H1 >= corners[0]) & (row_H1 < corners[1])
    is_column = (column_W >= corners[2]) & (column_W < corners[3])
    return is_row & is_column
