"""What a training's network is given in one step: scaled pixels, augmented where that is wanted.

Without augmentation of batches nothing is added to a step: uint8 pixels go to the device whole and
are scaled one micro-batch at a time. With it the whole batch is scaled and augmented first, because
partners are drawn of all of it: so the size of a micro-batch changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from data.operations import Pipeline
from detectors.batch_augmentation.batch import TrainingBatch
from detectors.batch_augmentation.implementations import augmented
from detectors.batches import scaled


@dataclass(frozen=True)
class StepInputs:
    """The inputs of one step; targets are not smoothed yet."""

    images_BCHW: Tensor
    """On the device, uint8 or already scaled."""
    target_B: Tensor
    """Float32 on the CPU."""
    second_BCHW: Tensor | None = None
    """What the second view is made of, where training draws for it."""

    def of(self, part: slice) -> tuple[Tensor, ...]:
        """What the network is called with for some images of the batch."""
        images_BCHW = self.images_BCHW[part]
        if images_BCHW.dtype == torch.uint8:
            images_BCHW = scaled(images_BCHW, images_BCHW.device)
        second_BCHW = self.second_BCHW
        return (images_BCHW,) if second_BCHW is None else (images_BCHW, second_BCHW[part])


def step_inputs(
    images_BCHW: Tensor,
    target_B: Tensor,
    *,
    augmentation: Pipeline,
    second: Pipeline,
    image_ids: Sequence[str],
    seed: int,
    epoch: int,
    step: int,
) -> StepInputs:
    """Augment a batch of a training.

    Args:
        images_BCHW: uint8, on the device.
        target_B: float32 on the CPU, 0 real and 1 fake.
        augmentation: operations that act on a batch.
        second: of the augmented batch makes what the second view is made of; empty where that is
            the batch itself, or there is no such view.
        image_ids: of the batch's images.
        seed: of the fit.
        epoch: from 1.
        step: of the epoch, from 0.
    """
    if not (augmentation.operations or second.operations):
        return StepInputs(images_BCHW, target_B)
    batch = TrainingBatch(
        images_BCHW=scaled(images_BCHW, images_BCHW.device),
        target_B=target_B,
        image_ids=image_ids,
        seed=seed,
        epoch=epoch,
        step=step,
    )
    batch = augmented(augmentation, batch)
    second_BCHW = None
    if second.operations:
        second_BCHW = augmented(second, batch.of_purpose("second view")).images_BCHW
    return StepInputs(batch.images_BCHW, batch.target_B, second_BCHW)
