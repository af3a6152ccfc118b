"""A training batch on the device, and the random numbers of one operation on it.

What is drawn for an image is a function of (seed, epoch, image_id) and of the operation's place in
its pipeline; who is whose partner of (seed, epoch, step). So a resume, threads and micro-batches
change nothing, and an image's draws do not depend on its neighbours.

B batch, N images drawn of it, C channels, H/W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from data.randomness import Streams, stream

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class TrainingBatch:
    """Images and targets of one step, and what names the step."""

    images_BCHW: Tensor
    """RGB float32 in [0, 1], on the device; never written to."""
    target_B: Tensor
    """Float32 on the CPU: 0 real, 1 fake, between where labels were mixed; never smoothed."""
    image_ids: Sequence[str]
    seed: int
    epoch: int
    step: int
    """Of the epoch, from 0."""
    purpose: str = "augmentation"
    """Another one draws other numbers."""

    def of_purpose(self, purpose: str) -> TrainingBatch:
        """The same batch, to draw for something else."""
        return replace(self, purpose=purpose)


class BatchDraws:
    """The random numbers of the operation at a place of a pipeline, for one batch.

    Args:
        batch: whose images are drawn for.
        place: of the operation in its pipeline, from 0.
        p: with which probability an image is chosen.
    """

    def __init__(self, batch: TrainingBatch, place: int, p: float) -> None:
        self._batch, self._place = batch, place
        self._device = batch.images_BCHW.device
        own = Streams(batch.seed, f"{batch.purpose} of a batch", place, batch.epoch)
        streams = [own.of(image_id) for image_id in batch.image_ids]
        is_chosen = np.array([rng.random() < p for rng in streams], dtype=bool)
        self.rows: Rows = np.flatnonzero(is_chosen).astype(np.int64)
        """Of the batch, those that are chosen: N of B."""
        self._streams = [streams[row] for row in self.rows]

    def uniform(self, low: float, high: float) -> npt.NDArray[np.float64]:
        """A number in [low, high) for each chosen image; `low` itself where the two are equal."""
        return np.array([rng.uniform(low, high) for rng in self._streams], dtype=np.float64)

    def beta(self, alpha: float) -> npt.NDArray[np.float64]:
        """A number of the distribution Beta(alpha, alpha) for each chosen image."""
        return np.array([rng.beta(alpha, alpha) for rng in self._streams], dtype=np.float64)

    def shares(self, count: int) -> npt.NDArray[np.float64]:
        """`count` numbers in [0, 1) for each chosen image, (N, count)."""
        drawn = [rng.random(count) for rng in self._streams]
        return np.array(drawn, dtype=np.float64).reshape(len(drawn), count)

    def normal_field(self, *shape: int) -> Tensor:
        """Standard normal numbers on the device, (N, *shape)."""
        return self._field(shape, "normal")

    def uniform_field(self, *shape: int) -> Tensor:
        """Numbers in [0, 1) on the device, (N, *shape)."""
        return self._field(shape, "uniform")

    def _field(self, shape: tuple[int, ...], kind: str) -> Tensor:
        """Each image's part by a generator of its own, so that batches do not matter.

        A GPU's generator gives other numbers than a CPU's; so do its kernels other last bits.
        """
        field = torch.empty((len(self._streams), *shape), device=self._device)
        generator = torch.Generator(device=self._device)
        for part, rng in zip(field, self._streams, strict=True):
            generator.manual_seed(int(rng.integers(2**62)))
            if kind == "normal":
                part.normal_(generator=generator)
            else:
                part.uniform_(generator=generator)
        return field

    def partners(self, within_label: bool) -> Rows:
        """For each chosen image the row of its partner; a permutation of the batch's rows.

        Args:
            within_label: whether partners have equal targets.
        """
        batch = self._batch
        key = (batch.seed, f"{batch.purpose}: partners", self._place, batch.epoch, batch.step)
        rng = stream(*key)
        targets = batch.target_B.numpy()
        partner_B: Rows = np.arange(len(targets), dtype=np.int64)
        for target in np.unique(targets) if within_label else (None,):
            group = np.flatnonzero(targets == target) if within_label else partner_B.copy()
            partner_B[group] = rng.permutation(group)
        return partner_B[self.rows]

    def on_device(self, values: npt.NDArray[np.float64], dims: int = 4) -> Tensor:
        """One float32 per chosen image on the device, (N, 1, ...) of `dims` dimensions."""
        shape = (len(values), *(1,) * (dims - 1))
        return torch.from_numpy(values.astype(np.float32)).view(shape).to(self._device)

    def taken(self, rows: Rows) -> Tensor:
        """Rows of the batch's images, (len(rows), C, H, W)."""
        return self._batch.images_BCHW[torch.from_numpy(rows).to(self._device)]

    def replaced(self, images_NCHW: Tensor) -> Tensor:
        """The batch's images with the chosen ones exchanged, as channels_last."""
        images_BCHW = self._batch.images_BCHW.clone(memory_format=torch.channels_last)
        images_BCHW[torch.from_numpy(self.rows).to(self._device)] = images_NCHW
        return images_BCHW

    def mixed_targets(self, partners: Rows, share: npt.NDArray[np.float64]) -> Tensor:
        """The targets, of each chosen image (1 - share) of its own and share of its partner's."""
        target_B = self._batch.target_B.clone()
        own, others = target_B[self.rows], target_B[partners]
        target_B[self.rows] = torch.lerp(own, others, torch.from_numpy(share.astype(np.float32)))
        return target_B
