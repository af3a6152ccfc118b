"""NPR at several factors in one detector, which compares pixels over several distances at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from detectors.networks.bottleneck import init_kaiming
from detectors.networks.npr import NPR, NPRMap, NPRTrunk, npr_network
from detectors.networks.precision import full_precision


class NPRChannels(nn.Module):
    """The maps as channels of one image, and the official network on it: early fusion.

    Args:
        maps: one per factor, each scaled by 2/3 as in the official network.
        tiny: one block in each stage, an eighth of the width.
    """

    def __init__(self, maps: Sequence[NPRMap], *, tiny: bool = False) -> None:
        super().__init__()
        self.maps = nn.ModuleList(maps)
        channels = 3 * len(maps)
        self.trunk = NPRTrunk(channels, (1, 1), 8) if tiny else NPRTrunk(channels)
        self.classifier = nn.Linear(self.trunk.num_features, 1)
        init_kaiming(self.trunk)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size -> logit_B, larger = more fake."""
        features_BF = self.trunk(torch.cat([each(images_BCHW) for each in self.maps], dim=1))
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(features_BF.float())
            return logit_B1.squeeze(1)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The map of each factor, for drawing."""
        return {f"npr_map_{each.factor:.4g}": each(images_BCHW) for each in _maps(self.maps)}


class NPRMeanLogit(nn.Module):
    """A whole NPR per factor, trained together by the mean of their logits: late fusion.

    Args:
        maps: one per factor.
        tiny: see `npr_network`.
    """

    def __init__(self, maps: Sequence[NPRMap], *, tiny: bool = False) -> None:
        super().__init__()
        self.members = nn.ModuleList(npr_network(each, tiny=tiny) for each in maps)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size -> logit_B, larger = more fake."""
        logit_NB = torch.stack([member(images_BCHW) for member in self.members])
        return logit_NB.mean(dim=0)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The map of each factor, for drawing."""
        members = [member for member in self.members if isinstance(member, NPR)]
        maps = [member.residual for member in members]
        return {f"npr_map_{each.factor:.4g}": each(images_BCHW) for each in maps}


def _maps(modules: nn.ModuleList) -> list[NPRMap]:
    return [module for module in modules if isinstance(module, NPRMap)]
