"""Small batches for tests of what acts on a batch."""

import torch

from data.operations import parse
from detectors.batch_augmentation.batch import TrainingBatch
from detectors.batch_augmentation.implementations import augmented


def a_batch(
    num: int = 4,
    height: int = 8,
    width: int = 10,
    *,
    contrast: float = 0.1,
    seed: int = 0,
    step: int = 0,
    epoch: int = 1,
    images_seed: int = 1,
) -> TrainingBatch:
    """Noise around mid grey, so that small changes are not cut off; labels 0 1 0 1."""
    generator = torch.Generator().manual_seed(images_seed)
    images_BCHW = 0.5 + contrast * (torch.rand(num, 3, height, width, generator=generator) - 0.5)
    return TrainingBatch(
        images_BCHW=images_BCHW,
        target_B=torch.arange(num).remainder(2).float(),
        image_ids=[f"{images_seed}/{index}" for index in range(num)],
        seed=seed,
        epoch=epoch,
        step=step,
    )


def after(text: str, batch: TrainingBatch) -> TrainingBatch:
    """A batch after augmentations."""
    return augmented(parse(text, "augmentation"), batch)


def grey_levels(batch: TrainingBatch) -> torch.Tensor:
    """The images' brightness, (B, H, W)."""
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (batch.images_BCHW * weights).sum(1)
