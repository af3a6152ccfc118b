"""Features of a frozen backbone: computed once, kept, and given to the head that is trained.

A network takes part that has `frozen_features(images_BCHW) -> features_BF`, what its trained part
`head` makes logit_B of, and `features_identity()`. Its features are float32 and a function of the
image alone, so whether they were kept changes no bit on a CPU (with one number of threads): the
same head is given the same numbers in the same batches. They are not rounded to half precision:
the released UnivFD head would then be off by up to 1e-3 of its logit, ten times what is allowed.

B images, C channels, H/W pixels, F features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Protocol, TypeGuard, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from data.decoded.feature_rows import FeatureMaker, Features
from detectors.batches import scaled, stacked
from detectors.halved_batches import HalvedBatches

if TYPE_CHECKING:
    from data.images import ImageRows
    from data.view import View

Image = npt.NDArray[np.uint8]
ImageBatches = Callable[[Sequence[int]], Iterator[tuple[list[int], list[Image]]]]
"""The images of some rows, in batches of one size; rows that cannot be decoded are left out."""

LIBRARIES = ("torch", "timm", "open_clip_torch", "torchvision")
ROWS_AT_ONCE = 8192
"""Rows whose features are in memory together while they are scored."""
ROWS_PER_HEAD = 256
"""Rows that go through the head together, whichever of them were kept."""


@runtime_checkable
class OverFrozen(Protocol):
    """A network whose trained part sees features alone."""

    head: nn.Module
    num_features: int

    def frozen_features(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> features_BF, float32, of each image alone."""
        ...

    def features_identity(self) -> dict[str, str]:
        """What the features depend on beside the pixels: names and checksums of weights."""
        ...


def is_over_frozen(network: object) -> TypeGuard[OverFrozen]:
    """Whether a network's features can be kept."""
    return isinstance(network, OverFrozen)


class KeptFeatures:
    """The features of rows in one view, read where they are kept, kept where they are made.

    Args:
        network: on the device.
        rows: of images; where nothing is kept of them everything is made.
        view: of the images, augmentation included.
        device: where the network runs.
        draw: which of the repeated draws, where the view draws.
    """

    def __init__(
        self,
        network: OverFrozen,
        rows: ImageRows,
        view: View,
        device: torch.device,
        draw: int | None = None,
    ) -> None:
        self._network, self._device, self._kept = network, device, rows.features
        if self._kept is not None:
            facts = {**network.features_identity(), **_conditions(device)}
            self._maker = FeatureMaker(
                view, draw, tuple(sorted(facts.items())), network.num_features
            )

    def read(self, row: int) -> Features | None:
        """What is kept of a row; None where it has to be made."""
        return None if self._kept is None else self._kept.read(row, self._maker)

    def make(self, rows: Sequence[int], images_HWC: Sequence[Image]) -> list[Features]:
        """Features of some rows' images, which may differ in size; they are kept."""
        found: dict[int, Features] = {}
        for places in _by_shape(images_HWC):
            some = [images_HWC[place] for place in places]
            images_BCHW = scaled(stacked(some, self._device.type == "cuda"), self._device)
            with torch.no_grad():
                features_BF = self._network.frozen_features(images_BCHW)
            found.update(zip(places, features_BF.float().cpu().numpy(), strict=True))
        made = [found[place] for place in range(len(images_HWC))]
        if self._kept is not None:
            for row, features in zip(rows, made, strict=True):
                self._kept.write(row, self._maker, features)
        return made

    def of_pairs(self, pairs: Sequence[tuple[int, Image]]) -> dict[int, Features]:
        """Features by row, of pairs of a row and its image; they are kept."""
        rows, images_HWC = [row for row, _ in pairs], [image for _, image in pairs]
        return dict(zip(rows, self.make(rows, images_HWC), strict=True))


def scored_by_features(
    network: OverFrozen,
    rows: ImageRows,
    view: View,
    device: torch.device,
    image_batches: ImageBatches,
    halved: HalvedBatches,
) -> Iterator[tuple[list[int], Tensor]]:
    """The logits of rows: their features, kept or made, through the head in blocks of rows.

    A block is a function of the row's number alone, so that its logits are the same bits whatever
    was kept.

    Yields:
        Rows, and logit_B of them; without those that `image_batches` leaves out.
    """
    kept = KeptFeatures(network, rows, view, device)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        end = min(start + ROWS_AT_ONCE, len(rows))
        read = {row: kept.read(row) for row in range(start, end)}
        known = {row: features for row, features in read.items() if features is not None}
        missing = [row for row in range(start, end) if row not in known]
        for some, images_HWC in image_batches(missing):
            pairs = list(zip(some, images_HWC, strict=True))
            for made in halved.parts(pairs, kept.of_pairs):
                known.update(made)
        for first in range(start, end, ROWS_PER_HEAD):
            block = range(first, min(first + ROWS_PER_HEAD, end))
            features_BF = np.zeros((len(block), network.num_features), np.float32)
            present = [row for row in block if row in known]
            for row in present:
                features_BF[row - first] = known[row]
            logit_B = network.head(torch.from_numpy(features_BF).to(device))
            yield present, logit_B[[row - first for row in present]]


def _by_shape(images_HWC: Sequence[Image]) -> list[list[int]]:
    """Places of images of one size."""
    places: dict[tuple[int, ...], list[int]] = {}
    for place, image_HWC in enumerate(images_HWC):
        places.setdefault(image_HWC.shape, []).append(place)
    return list(places.values())


def _conditions(device: torch.device) -> dict[str, str]:
    """What else can change the last bits of features."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    if device.type == "cuda":
        return {**found, "device": torch.cuda.get_device_name(device)}
    return {**found, "device": device.type, "threads": str(torch.get_num_threads())}
