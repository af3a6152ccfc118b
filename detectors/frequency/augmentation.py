"""What all frequency augmentations share: channels, combination with the image, cutting off.

An augmentation itself is a function of planes: it is given those of the chosen images and gives
them back changed. What the parameters mean is said in `data/augmentations/frequency.py`.

N images chosen, P planes (3 channels, or 1 of brightness), H/W pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from detectors.batch_augmentation.batch import BatchDraws, Rows, TrainingBatch
from detectors.batch_augmentation.implementations import implements
from detectors.frequency.combination import combined

Changes = Callable[..., Tensor]
BT601 = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in the brightness Y (ITU-R BT.601), as in JPEG and Pillow."""


def planes_of(images_NCHW: Tensor, channels: str) -> Tensor:
    """What is transformed of images: their channels, or their brightness (N, 1, H, W)."""
    if channels == "rgb":
        return images_NCHW
    weights = torch.tensor(BT601, device=images_NCHW.device).view(1, 3, 1, 1)
    return (images_NCHW * weights).sum(dim=1, keepdim=True)


def with_planes(images_NCHW: Tensor, before: Tensor, after: Tensor, channels: str) -> Tensor:
    """Images whose planes are exchanged: `before` as `planes_of` gave them, `after` changed."""
    if channels == "rgb":
        return after
    if channels == "grey":
        return after.expand_as(images_NCHW)
    return images_NCHW + (after - before)


def frequency_augmentation(name: str) -> Callable[[Changes], Changes]:
    """Register a change of planes as the augmentation of a name.

    It is called as change(planes_NPHW, draws, **its own parameters) and returns planes_NPHW.
    """

    def register(change: Changes) -> Changes:
        @implements(name)
        def augment(batch: TrainingBatch, draws: BatchDraws, **settings: Any) -> TrainingBatch:
            shared = {key: settings.pop(key) for key in SHARED}

            def transform(planes_NPHW: Tensor) -> Tensor:
                return change(planes_NPHW, draws, **settings)

            images_NCHW = finished(draws.taken(draws.rows), transform, **shared)
            return replace(batch, images_BCHW=draws.replaced(images_NCHW))

        return change

    return register


SHARED = ("channels", "combine", "weight", "requantise")


def finished(
    images_NCHW: Tensor,
    transform: Callable[[Tensor], Tensor],
    *,
    channels: str,
    combine: str,
    weight: float | None,
    requantise: bool,
) -> Tensor:
    """Images after a transform of their planes, combined with what they were, in [0, 1]."""
    planes_NPHW = planes_of(images_NCHW, channels)
    changed_NPHW = combined(planes_NPHW, transform(planes_NPHW), combine, weight or 0.0)
    result_NCHW = with_planes(images_NCHW, planes_NPHW, changed_NPHW, channels).clamp(0, 1)
    if requantise:
        # Divided as `detectors.batches.scaled` divides: whole grey levels stay what they are.
        levels = torch.full((), 255.0, device=result_NCHW.device)
        result_NCHW = (result_NCHW * levels).round_().div_(levels)
    return result_NCHW


def partner_planes(draws: BatchDraws, partners: Rows, planes_NPHW: Tensor) -> Tensor:
    """The planes of partners, of the same kind as those of the chosen images."""
    channels = "rgb" if planes_NPHW.shape[1] == 3 else "luma"
    return planes_of(draws.taken(partners), channels)
