"""Training batches as features of a frozen backbone, in place of images.

Where every epoch would encode the same pixels anew, they are encoded once: with the recipe's
`views`, or where the training view draws nothing. Batches, their order and their draws are those of
any training, and so are the weights that come out.

B images, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from data.decoded.feature_rows import Features
from data.images import ImageRows
from data.operations import Pipeline
from data.view import View
from detectors.batches import draw_of_epoch, generators_of, training_draws
from detectors.frozen_features import Image, KeptFeatures, OverFrozen, is_over_frozen
from detectors.memory_limits import cache_bytes

MOST_HELD = 1024**3
"""Bytes of features that a training holds in memory; what is beyond is read in each epoch."""


@dataclass(frozen=True)
class FeatureBatch:
    """A batch as it comes from the loader: what is kept of it, and the images of the rest."""

    rows: npt.NDArray[np.int64]
    features: list[Features | None]
    images_HWC: list[Image]
    """Of those without features, in order."""
    epoch: int


@dataclass(frozen=True)
class FeatureInputs:
    """What the head is given in a step; targets are not smoothed yet."""

    features_BF: Tensor
    target_B: Tensor

    def of(self, part: slice) -> tuple[Tensor, ...]:
        """The head's arguments for some images of the batch."""
        return (self.features_BF[part],)


class TrainingFeatures:
    """The features of all training images, in all draws that the training shows.

    Args:
        network: on the device.
        rows: of the training.
        view: of the training, augmentation included.
        views: how many draws there are; None where the view draws nothing.
        device: where the network runs.
    """

    def __init__(
        self,
        network: OverFrozen,
        rows: ImageRows,
        view: View,
        views: int | None,
        device: torch.device,
    ) -> None:
        self.head = network.head
        self._rows, self._view, self._device = rows, view, device
        self._views = views if view.geometry.is_random else None
        draws: list[int | None] = [None] if self._views is None else list(range(self._views))
        self._kept = {draw: KeptFeatures(network, rows, view, device, draw) for draw in draws}
        wanted = 4 * network.num_features * len(rows) * len(draws)
        self._held: dict[int | None, dict[int, Features]] | None = None
        if wanted <= min(MOST_HELD, cache_bytes()):
            self._held = {draw: {} for draw in draws}

    def load(self, rows: npt.NDArray[np.int64], epoch: int) -> FeatureBatch:
        """A batch of an epoch; in a loader's thread."""
        features = [self._read(int(row), self._draw(epoch)) for row in rows]
        missing = rows[[known is None for known in features]]
        draws = training_draws(0, epoch, self._views or 1)  # of no seed
        generators = generators_of(self._rows, missing, self._view, draws)
        images_HWC = [
            self._rows.viewed(int(row), self._view, generator)
            for row, generator in zip(missing, generators, strict=True)
        ]
        return FeatureBatch(rows, features, images_HWC, epoch)

    def inputs(self, batch: FeatureBatch, target_B: Tensor) -> FeatureInputs:
        """A batch on the device, with the features that were missing made and kept."""
        draw = self._draw(batch.epoch)
        places = [place for place, known in enumerate(batch.features) if known is None]
        missing = [int(batch.rows[place]) for place in places]
        features = list(batch.features)
        for place, made in zip(places, self._made(draw, missing, batch.images_HWC), strict=True):
            features[place] = made
        features_BF = np.stack([known for known in features if known is not None])
        return FeatureInputs(torch.from_numpy(features_BF).to(self._device), target_B)

    def _made(
        self, draw: int | None, rows: Sequence[int], images_HWC: Sequence[Image]
    ) -> list[Features]:
        made = self._kept[draw].make(rows, images_HWC)
        if self._held is not None:
            self._held[draw].update(zip(rows, made, strict=True))
        return made

    def _read(self, row: int, draw: int | None) -> Features | None:
        if self._held is None:
            return self._kept[draw].read(row)
        found = self._held[draw].get(row)
        if found is None:
            found = self._kept[draw].read(row)
            if found is not None:
                self._held[draw][row] = found
        return found

    def _draw(self, epoch: int) -> int | None:
        return None if self._views is None else draw_of_epoch(epoch, self._views)


def training_features(
    network: nn.Module,
    rows: ImageRows,
    view: View,
    augmentation: Pipeline,
    views: int | None,
    device: torch.device,
) -> TrainingFeatures | None:
    """The features of a training, or None where its images have to be encoded in each epoch.

    Args:
        network: on the device.
        rows: of the training.
        view: of the training, augmentation included.
        augmentation: of batches, which acts on pixels.
        views: the recipe's.
        device: where the network runs.
    """
    repeats_itself = views is not None or not view.geometry.is_random
    if not is_over_frozen(network) or augmentation.operations or not repeats_itself:
        return None
    return TrainingFeatures(network, rows, view, views, device)
