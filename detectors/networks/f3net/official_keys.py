"""Names of weights in checkpoints of yyk-wew/F3Net and here, and the constants stored with them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from detectors.key_maps import DATA_PARALLEL, PrefixMap
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.f3net.band_images import BandImages
from detectors.networks.f3net.cosine_transform import cosine_matrix
from detectors.networks.f3net.local_statistics import LocalStatistics

ROUNDING = 1e-5
"""What a stored cosine may differ by."""


class F3NetKeys:
    """A key map that also holds the stored matrices and masks against ours.

    The code keeps them among the weights, and earlier versions of it had other bands under the
    same names: with their weights our masks would give other logits, and nothing would be missing.

    Args:
        branches: "both", "fad" or "lfs".
        size: side of the images in pixels.
    """

    def __init__(self, branches: str, size: int) -> None:
        self.constants: dict[str, Tensor] = {}
        pairs: list[tuple[str, str]] = []
        unused: list[str] = []
        for name, ours, head in (
            ("FAD", "fad", "fad_bands"),
            ("LFS", "lfs", "lfs_statistics"),
        ):
            if branches not in ("both", ours):
                continue
            masks = (BandImages(size) if ours == "fad" else LocalStatistics()).filters.masks
            pairs += [
                (f"{name}_head.filters.{index}.learnable", f"{head}.filters.learned.{index}")
                for index in range(len(masks))
            ]
            pairs.append((f"{name}_xcep.", f"{ours}_xception."))
            # Each Xception has a classifier of its own that nothing is computed with.
            unused.append(f"{name}_xcep.fc.")
            self.constants |= _constants(name, masks)
        self.renamed = PrefixMap((*pairs, ("fc.", "classifier.")), (*unused, *self.constants))

    def from_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Our keys of official ones.

        Raises:
            WeightsMismatch: a stored matrix or mask is missing or not ours.
        """
        stored = {key.removeprefix(DATA_PARALLEL): value for key, value in state.items()}
        faults = [key for key, ours in self.constants.items() if not _equal(stored.get(key), ours)]
        if faults:
            raise WeightsMismatch(
                f"The weights do not fit F3Net: {len(faults)} stored matrices or masks are missing "
                f"or of other bands, {', '.join(faults[:4])}. Its code had other bands in earlier "
                "versions: use a checkpoint of version 01942ca, and the options and input_px that "
                "it was trained with."
            )
        return self.renamed.from_official(state)

    def to_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Official keys of ours, the constants among them."""
        return {**self.renamed.to_official(state), **self.constants}


def _constants(name: str, masks: Tensor) -> dict[str, Tensor]:
    matrix = cosine_matrix(masks.shape[-1])
    part = "all" if name == "FAD" else "patch"
    constants = {f"{name}_head._DCT_{part}": matrix, f"{name}_head._DCT_{part}_T": matrix.mT}
    for index, mask in enumerate(masks):
        constants[f"{name}_head.filters.{index}.base"] = mask
        if name == "LFS":
            constants[f"{name}_head.filters.{index}.ft_num"] = mask.sum()
    return constants


def _equal(stored: Tensor | None, ours: Tensor) -> bool:
    if stored is None or stored.shape != ours.shape:
        return False
    return torch.allclose(stored.float().cpu(), ours, rtol=0, atol=ROUNDING)
