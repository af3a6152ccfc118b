"""What is taken from a frozen semantic backbone: of whole images, of parts, of its middle.

B batch, K parts, S features.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from detectors.networks.frozen_backbone import FrozenBackbone
from detectors.networks.precision import full_precision
from detectors.networks.resized import squashed

PARTS = ("whole image", "upper left", "upper right", "lower left", "lower right")


def features_of_parts(backbone: FrozenBackbone, images_BCHW: Tensor, side_px: int) -> Tensor:
    """Features of the image and of its four quarters, each squashed to a square: (B, 5, S)."""
    middle, centre = images_BCHW.shape[2] // 2, images_BCHW.shape[3] // 2
    rows = (slice(0, max(middle, 1)), slice(middle, None))
    columns = (slice(0, max(centre, 1)), slice(centre, None))
    quarters = [images_BCHW[:, :, down, across] for down in rows for across in columns]
    parts = [squashed(part, side_px) for part in (images_BCHW, *quarters)]
    return backbone.features(torch.cat(parts)).unflatten(0, (len(parts), -1)).transpose(0, 1)  # type: ignore[no-untyped-call]


class MiddleFeatures:
    """The output of a backbone's middle block, averaged over places.

    Args:
        backbone: a transformer of open_clip or timm (its blocks), or any sequence of layers.
    """

    def __init__(self, backbone: FrozenBackbone) -> None:
        blocks = _blocks(backbone.extractor)
        self._backbone, self._block = backbone, blocks[(len(blocks) - 1) // 2]
        side = backbone.input_px or 64
        with torch.no_grad():
            self.num_features = self(torch.zeros(1, 3, side, side)).shape[1]

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], of a size that the backbone takes -> features_BS."""
        seen: list[Tensor] = []

        def keep(_block: nn.Module, _given: Any, output_: Any) -> None:
            tokens = output_[0] if isinstance(output_, tuple) else output_
            with full_precision(tokens.device.type):
                seen.append(tokens.float().mean(dim=1 if tokens.ndim == 3 else (2, 3)))

        handle = self._block.register_forward_hook(keep)
        try:
            self._backbone.features(images_BCHW)
        finally:
            handle.remove()
        return torch.cat(seen)[: len(images_BCHW)]  # the last pass is filled up with blank images


def _blocks(network: Any) -> list[nn.Module]:
    for path in ("transformer.resblocks", "trunk.blocks", "trunk.stages", "blocks", "stages"):
        found: Any = network
        for name in path.split("."):
            found = getattr(found, name, None)
        if isinstance(found, nn.ModuleList | nn.Sequential):
            return list(found)
    return [module for module in network.children() if not isinstance(module, nn.Flatten)]
