"""Random erasing: a rectangle of each chosen image filled with something else.

N images chosen of a batch, T rectangles tried, H/W pixels.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from detectors.batch_augmentation.batch import BatchDraws, TrainingBatch
from detectors.batch_augmentation.implementations import implements
from detectors.batch_augmentation.mixing import Numbers, rectangle_mask
from detectors.networks.normalise import IMAGENET_MEAN, IMAGENET_STD

ATTEMPTS = 10


@implements("random_erasing")
def random_erasing(
    batch: TrainingBatch,
    draws: BatchDraws,
    area: tuple[float, float],
    ratio: tuple[float, float],
    fill: str,
) -> TrainingBatch:
    """Fill the first of some rectangles that fits."""
    height, width = batch.images_BCHW.shape[-2:]
    down, across = _sides(draws, area, ratio, height, width)
    place = draws.shares(2)
    top = np.floor(place[:, 0] * (height - down + 1))
    left = np.floor(place[:, 1] * (width - across + 1))
    is_inside = rectangle_mask(draws, (height, width), top, top + down, left, left + across)
    images_NCHW = draws.taken(draws.rows)
    filled_NCHW = torch.where(is_inside, _filling(images_NCHW, draws, fill), images_NCHW)
    return replace(batch, images_BCHW=draws.replaced(filled_NCHW))


def _sides(
    draws: BatchDraws,
    area: tuple[float, float],
    ratio: tuple[float, float],
    height: int,
    width: int,
) -> tuple[Numbers, Numbers]:
    """Height and width of each image's rectangle; 0 where none fitted."""
    drawn = draws.shares(2 * ATTEMPTS)
    pixels_NT = (area[0] + drawn[:, ::2] * (area[1] - area[0])) * height * width
    low, high = np.log(ratio[0]), np.log(ratio[1])
    ratio_NT = np.exp(low + drawn[:, 1::2] * (high - low))
    down_NT, across_NT = (
        np.rint(np.sqrt(pixels_NT * ratio_NT)),
        np.rint(np.sqrt(pixels_NT / ratio_NT)),
    )
    fits_NT = (down_NT < height) & (across_NT < width)
    first = np.arange(len(drawn)), fits_NT.argmax(axis=1)
    fits = fits_NT.any(axis=1)
    return np.where(fits, down_NT[first], 0.0), np.where(fits, across_NT[first], 0.0)


def _filling(images_NCHW: Tensor, draws: BatchDraws, fill: str) -> Tensor:
    if fill == "zero":
        return torch.zeros_like(images_NCHW)
    if fill == "uniform":
        return draws.uniform_field(*images_NCHW.shape[1:])
    mean, deviation = (
        torch.tensor(values, device=images_NCHW.device).view(1, 3, 1, 1)
        for values in (IMAGENET_MEAN, IMAGENET_STD)
    )
    return mean + deviation * draws.normal_field(*images_NCHW.shape[1:])
