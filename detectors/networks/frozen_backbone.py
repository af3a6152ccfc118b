"""A feature extractor that is never trained, with the library's own keys for its weights.

Eval mode always, no gradient, float32 whatever autocast is on.

B images, C channels, H/W pixels, F features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors import weights
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision

IMAGES_PER_PASS = {"cpu": 1, "cuda": 32}
"""A pass has always so many images, blank ones among them: then an image's features are a function
of the image alone, whoever computes them. In batches of other sizes the last bits would differ."""


def has_frozen_backbone(network: nn.Module) -> bool:
    """Whether some of a network may lie in a file beside its own weights."""
    return any(isinstance(module, FrozenBackbone) for module in network.modules())


class FrozenBackbone(nn.Module):
    """A backbone as `detectors.networks.backbones.frozen_backbone` builds it.

    With random weights it is a part of its detector like any other. Once it was given weights, a
    detector's state dict holds their checksum (`sha256`, 32 bytes) in place of them: a fit's file
    has the size of its head, and is refused over another backbone.

    Args:
        name: it goes by.
        network: normalised images_BCHW -> features_BF.
        num_features: F.
        input_px: side of the only square input that it takes; None = any size.
        mean: of each colour, subtracted from RGB in [0, 1].
        std: of each colour, by which it is divided.
        own_keys: the part of a library's state dict that belongs to `network`, under its keys.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        *,
        num_features: int,
        input_px: int | None,
        mean: Sequence[float],
        std: Sequence[float],
        own_keys: Callable[[Mapping[str, Tensor]], dict[str, Tensor]] = dict,
    ) -> None:
        super().__init__()
        self.name, self.num_features, self.input_px = name, num_features, input_px
        self.normalise = Normalise(mean, std)
        self.network: nn.Module | None = network
        self._given: tuple[nn.Module, ...] = ()  # a tuple: its weights are in no state dict
        self._own_keys = own_keys
        self._checksum = ""
        self.requires_grad_(False)
        self.eval()

    @property
    def extractor(self) -> nn.Module:
        """Normalised images_BCHW -> features_BF, with whatever weights it has."""
        [found] = self._given or (self.network,)
        assert found is not None
        return found

    def features(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> features_BF, float32; an image's own, whatever it is batched with.

        Bit for bit on a CPU with one number of threads; on a GPU as far as its kernels go.

        Raises:
            ValueError: images of another size than the backbone takes.
        """
        side = self.input_px
        if side is not None and images_BCHW.shape[-2:] != (side, side):
            height, width = images_BCHW.shape[-2:]
            raise ValueError(
                f"{self.name} takes {side} x {side} px and was given {height} x {width}; bring "
                f"the images to that size, as center_crop({side}) does."
            )
        device = images_BCHW.device.type
        with torch.no_grad(), full_precision(device):
            normal_BCHW = self.normalise(images_BCHW.float())
            passes = normal_BCHW.split(IMAGES_PER_PASS.get(device, 1))
            return torch.cat([self._pass(part_BCHW) for part_BCHW in passes])

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """As `features`."""
        return self.features(images_BCHW)

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Take a library's pretrained weights, by the library's own keys.

        Classifiers and text towers in them are left out; half precision becomes float32.

        Raises:
            WeightsMismatch: keys are missing, unknown, or of another shape; all are named.
        """
        own = {
            key: value.float() if value.is_floating_point() else value
            for key, value in self._own_keys(state).items()
        }
        try:
            weights.load_strictly(self.extractor, own)
        except WeightsMismatch as error:
            raise WeightsMismatch(f"{self.name}: {error}") from None
        self._given, self.network, self._checksum = (self.extractor,), None, ""
        digest = torch.tensor(list(bytes.fromhex(self.checksum())), dtype=torch.uint8)
        self.register_buffer("sha256", digest)

    def checksum(self) -> str:
        """SHA-256 of the weights, by key, as they are now."""
        if not (self._given and self._checksum):
            digest = hashlib.sha256()
            for key, value in sorted(self.extractor.state_dict().items()):
                digest.update(f"{key} {tuple(value.shape)} {value.dtype} ".encode())
                digest.update(value.cpu().contiguous().numpy().data)
            self._checksum = digest.hexdigest()
        return self._checksum

    def train(self, mode: bool = True) -> FrozenBackbone:
        """Stay in eval mode: neither dropout nor drop path nor batch statistics."""
        return super().train(False)

    def _pass(self, part_BCHW: Tensor) -> Tensor:
        count = len(part_BCHW)
        missing = IMAGES_PER_PASS.get(part_BCHW.device.type, 1) - count
        if missing:
            part_BCHW = functional.pad(part_BCHW, (0, 0, 0, 0, 0, 0, 0, missing))
        features_BF: Tensor = self.extractor(part_BCHW)[:count]
        return features_BF

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> FrozenBackbone:
        for network in self._given:  # moves with the rest to a device or a memory format
            network._apply(fn, recurse)  # type: ignore[no-untyped-call]
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def _load_from_state_dict(self, state: Mapping[str, Tensor], prefix: str, *args: Any) -> None:
        theirs = state.get(f"{prefix}sha256")
        if self._given and theirs is not None:
            found = bytes(theirs.tolist()).hex()
            if found != self.checksum():
                raise WeightsMismatch(
                    f"These weights were trained over {self.name} with the checksum {found[:12]}, "
                    f"and its weights here have {self.checksum()[:12]}; give the same file."
                )
        super()._load_from_state_dict(state, prefix, *args)
