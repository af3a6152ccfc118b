"""The discrete cosine transform as a matrix, and filters over its frequencies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

LEARNED_DEVIATION = 0.1
"""Standard deviation of the learned weights before training."""


def cosine_matrix(size: int) -> Tensor:
    """The orthonormal DCT-II, (frequency, position): C x is the transform of x, C^T its inverse.

    Computed in float64 and rounded to float32.
    """
    frequency = torch.arange(size, dtype=torch.float64)[:, None]
    position = torch.arange(size, dtype=torch.float64)
    matrix = math.sqrt(2 / size) * torch.cos((position + 0.5) * math.pi * frequency / size)
    matrix[0] = math.sqrt(1 / size)
    return matrix.float()


def diagonal_band(size: int, lowest: float, highest: float) -> Tensor:
    """1 where the sum of both frequencies is in [lowest, highest], both ends included; else 0."""
    frequency = torch.arange(size)
    diagonal = frequency[:, None] + frequency
    return ((diagonal >= lowest) & (diagonal <= highest)).float()


class BandFilters(nn.Module):
    """For each band a fixed mask plus what is learned: 2 sigmoid(w) - 1 at each frequency.

    Args:
        masks: of the bands, (size, size) each, 0 or 1.
    """

    masks: Tensor

    def __init__(self, masks: Sequence[Tensor]) -> None:
        super().__init__()
        self.register_buffer("masks", torch.stack(list(masks)), persistent=False)
        self.learned = nn.ParameterList(
            nn.Parameter(LEARNED_DEVIATION * torch.randn_like(mask)) for mask in masks
        )

    def forward(self) -> Tensor:
        """The filters, (bands, size, size)."""
        return self.masks + 2 * torch.sigmoid(torch.stack(list(self.learned))) - 1
