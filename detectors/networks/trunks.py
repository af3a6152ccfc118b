"""Trunks by name, for detectors that leave the choice of their network to an option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from torch import Tensor, nn

from detectors.lasting_errors import WeightsMismatch
from detectors.networks.resnet import RESNET50_BLOCKS, RESNET50_WIDTH, ResNet
from detectors.networks.simple_cnn import convolutions
from detectors.networks.trunk_detector import Trunk

SMALL_WIDTHS, TINY_WIDTHS = (32, 64, 128, 256), (16, 32, 64)
TINY_BLOCKS, TINY_WIDTH = (1, 1, 1), 16


class PooledConvolutions(nn.Sequential):
    """Convolutions with BatchNorm and a global average, any size: images -> features_BF.

    Args:
        in_channels: of the input.
        widths: channels after each convolution.
    """

    def __init__(self, in_channels: int, widths: Sequence[int]) -> None:
        super().__init__(*convolutions((in_channels, *widths), 1, pool_last=False, normalised=True))
        self.num_features = widths[-1]

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, widths[-1]), float32."""
        features_BCHW: Tensor = super().forward(images_BCHW)  # type: ignore[no-untyped-call]
        return features_BCHW.float().mean(dim=(2, 3))

    def load_library(self, state: Mapping[str, Tensor]) -> None:
        """Refuse: no library has such a network.

        Raises:
            WeightsMismatch: always.
        """
        raise WeightsMismatch(
            "backbone small is a network of ours that no library has weights for; use backbone: "
            "resnet50, swin_t, deit_s or a network of timm, or begin at random."
        )


def trunk(
    name: str, *, size: Literal["full", "tiny"], in_channels: int = 3, input_px: int = 224
) -> Trunk:
    """Build a trunk with random weights, drawn from torch's global generator.

    Args:
        name: small, resnet50, swin_t, deit_s, or a network of timm.
        size: tiny is for small images and tests; timm's other networks have none.
        in_channels: of the input.
        input_px: side of the square input, for timm's other networks.
    """
    is_tiny = size == "tiny"
    if name == "small":
        return PooledConvolutions(in_channels, TINY_WIDTHS if is_tiny else SMALL_WIDTHS)
    if name == "resnet50":
        if is_tiny:
            return ResNet(TINY_BLOCKS, TINY_WIDTH, in_channels)
        return ResNet(RESNET50_BLOCKS, RESNET50_WIDTH, in_channels)
    from detectors.networks import timm_trunks

    transformers = {"swin_t": timm_trunks.swin_trunk, "deit_s": timm_trunks.deit_trunk}
    if name in transformers:
        return transformers[name](is_tiny=is_tiny, in_channels=in_channels)
    return timm_trunks.timm_trunk(name, input_px=input_px, in_channels=in_channels)
