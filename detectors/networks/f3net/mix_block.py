"""MixBlock, what F3-Net's branches tell each other: attention from both, applied across."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

BRANCHES = ("fad", "lfs")


class MixBlock(nn.Module):
    """Adds to each branch what attention finds in the other one.

    The attention is within each channel, between its rows, from both branches' queries and keys
    side by side. Each direction has a weight that begins at zero, so at first nothing is mixed.

    Args:
        channels: of both maps.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = _by_branch(lambda: nn.Conv2d(channels, channels, 1))
        self.key = _by_branch(lambda: nn.Conv2d(channels, channels, 1))
        self.weight = nn.ParameterDict({name: nn.Parameter(torch.zeros(1)) for name in BRANCHES})
        self.into = _by_branch(
            lambda: nn.Sequential(
                nn.Conv2d(channels, channels, 1, groups=channels), nn.BatchNorm2d(channels)
            )
        )
        for name in BRANCHES:
            # Otherwise a network that was not trained yet would add a constant when it is tested.
            nn.init.zeros_(self.into[name].get_parameter("0.bias"))

    def forward(self, fad_BCSS: Tensor, lfs_BCSS: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of both branches, (B, C, S, S), square and of one size -> the same, mixed."""
        maps = {"fad": fad_BCSS, "lfs": lfs_BCSS}
        query_BCST = torch.cat([self.query[name](maps[name]) for name in BRANCHES], dim=3)
        key_BCST = torch.cat([self.key[name](maps[name]) for name in BRANCHES], dim=3)
        attention_BCSS = torch.softmax(query_BCST @ key_BCST.mT, dim=-1)
        mixed = []
        for name, other in (BRANCHES, BRANCHES[::-1]):
            strength = 2 * torch.sigmoid(self.weight[other]) - 1
            mixed.append(maps[name] + self.into[name](maps[other] * attention_BCSS * strength))
        return mixed[0], mixed[1]


def _by_branch(make: Callable[[], nn.Module]) -> nn.ModuleDict:
    return nn.ModuleDict({name: make() for name in BRANCHES})
