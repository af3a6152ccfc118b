"""F3-Net: two Xceptions, one on band images, one on local statistics, and a linear layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from detectors.networks.f3net.band_images import BANDS, BandImages
from detectors.networks.f3net.local_statistics import STATISTICS, LocalStatistics
from detectors.networks.f3net.mix_block import MixBlock
from detectors.networks.precision import full_precision
from detectors.networks.xception import (
    ENTRY_BLOCKS,
    XCEPTION_CHANNELS,
    XCEPTION_MIDDLE_BLOCKS,
    Xception,
)

Branches = Literal["both", "fad", "lfs"]


class F3Net(nn.Module):
    """Frequency-aware images and local statistics, joined before the last layer.

    Args:
        branches: which of the two.
        mix: whether the branches see each other in the middle and before the end; needs both.
        log_first: order of logarithm and filter in the local statistics.
        size: side of the images in pixels.
        channels: of the Xceptions.
        middle_blocks: of the Xceptions.
    """

    def __init__(
        self,
        branches: Branches = "both",
        mix: bool = False,
        log_first: bool = True,
        size: int = 299,
        channels: Sequence[int] = XCEPTION_CHANNELS,
        middle_blocks: int = XCEPTION_MIDDLE_BLOCKS,
    ) -> None:
        super().__init__()
        self.branches, self.mix = branches, mix
        count = 0
        if branches != "lfs":
            self.fad_bands = BandImages(size)
            self.fad_xception = Xception(3 * len(BANDS), 2, channels, middle_blocks)
            count += self.fad_xception.num_features
        if branches != "fad":
            self.lfs_statistics = LocalStatistics(log_first)
            # Stride 1: the statistics already have half the image's side.
            self.lfs_xception = Xception(STATISTICS, 1, channels, middle_blocks)
            count += self.lfs_xception.num_features
        if mix:
            # After block 7 of 12 and after the last one.
            self.mix_at = ENTRY_BLOCKS + middle_blocks // 2
            self.mix_middle = MixBlock(self.fad_xception.middle_channels)
            self.mix_last = MixBlock(self.fad_xception.last_channels)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(count, 1)

    def forward(self, images_BCSS: Tensor) -> Tensor:
        """RGB in [0, 1] of side `size` -> logit_B, larger = more fake."""
        features_BF = self.dropout(self.features(images_BCSS))
        with full_precision(images_BCSS.device.type):
            logit_B1: Tensor = self.classifier(features_BF.float())
            return logit_B1.squeeze(1)

    def features(self, images_BCSS: Tensor) -> Tensor:
        """What the last layer sees, (B, 4096) with both branches."""
        parts = []
        with full_precision(images_BCSS.device.type):
            scaled_BCSS = images_BCSS.float() * 2 - 1
            if self.branches != "lfs":
                parts.append((self.fad_xception, self.fad_bands(scaled_BCSS)))
            if self.branches != "fad":
                parts.append((self.lfs_xception, self.lfs_statistics(scaled_BCSS)))
        if not self.mix:
            return torch.cat([xception(maps_BCHW) for xception, maps_BCHW in parts], dim=1)
        return self._mixed(*(xception.stem(maps_BCHW) for xception, maps_BCHW in parts))

    def _mixed(self, fad_BCHW: Tensor, lfs_BCHW: Tensor) -> Tensor:
        fad, lfs, first = self.fad_xception, self.lfs_xception, 1
        for last, mix in ((self.mix_at, self.mix_middle), (fad.num_blocks, self.mix_last)):
            fad_BCHW, lfs_BCHW = mix(
                fad.blocks(fad_BCHW, first, last), lfs.blocks(lfs_BCHW, first, last)
            )
            first = last + 1
        return torch.cat([fad.features(fad_BCHW), lfs.features(lfs_BCHW)], dim=1)

    def what_it_sees(self, images_BCSS: Tensor) -> dict[str, Tensor]:
        """The band images, (B, 3, S, S) each, and the six local statistics, (B, 6, L, L)."""
        seen: dict[str, Tensor] = {}
        with full_precision(images_BCSS.device.type):
            scaled_BCSS = images_BCSS.float() * 2 - 1
            if self.branches != "lfs":
                bands = self.fad_bands.by_band(scaled_BCSS)
                seen.update({f"{name} band": image for name, image in bands.items()})
            if self.branches != "fad":
                seen["local statistics"] = self.lfs_statistics(scaled_BCSS)
        return seen

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Take the weights of timm's `legacy_xception` into each branch.

        Raises:
            WeightsMismatch: something but its classifier is missing or unknown.
        """
        if self.branches != "lfs":
            self.fad_xception.load_pretrained(state)
        if self.branches != "fad":
            self.lfs_xception.load_pretrained(state)
