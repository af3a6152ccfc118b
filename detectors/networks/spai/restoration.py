"""Frequency restoration: how alike an image and its two parts are in each block's tokens.

P squares, L layers (blocks of the ViT), T tokens, D width of a token, F width of a projection.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

PAIRS = ("original and low", "original and high", "low and high")
"""Whose cosines are taken, in the order of the vector."""


@dataclass(frozen=True)
class LayerMeasures:
    """What is kept of one layer's tokens."""

    cosines_P3T: Tensor
    """Of each of the PAIRS, token by token."""
    original_P2F: Tensor
    """Mean over the tokens of the projected original, then deviation."""


class RestorationProjector(nn.Module):
    """Two linear layers with GELU between, dropout around them, normalised at the end.

    Args:
        width: of what it is given.
        features: of what it gives.
        dropout: probability.
        of_tokens: a layer normalisation comes first, and no GELU after the second layer; for
            statistics of tokens it is the other way round.
    """

    def __init__(self, width: int, features: int, dropout: float, of_tokens: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width) if of_tokens else nn.Identity()
        # Places in the sequence are those of official checkpoints.
        self.projector = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(width, features),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(features, features),
            nn.Identity() if of_tokens else nn.GELU(),
            nn.Dropout(dropout),
        )
        self.norm2 = nn.LayerNorm(features)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) -> (..., features)."""
        return self.norm2(self.projector(self.norm1(tokens)))


class FrequencyRestoration(nn.Module):
    """Tokens of three versions of a square, layer by layer -> one vector per square.

    Args:
        layers: number of layers.
        width: of a token.
        features: of a projection.
        dropout: probability.
        similarities: False leaves the 6 numbers per layer out (the authors' ablation).
    """

    def __init__(
        self, layers: int, width: int, features: int, dropout: float, similarities: bool
    ) -> None:
        super().__init__()
        self.similarities = similarities
        self.num_similarities = 6 * layers if similarities else 0
        self.num_features = self.num_similarities + features
        self.projectors = nn.ModuleList(
            RestorationProjector(width, features, dropout, of_tokens=True) for _ in range(layers)
        )
        self.context = SpectralContext(layers, features, dropout)

    def measured(self, layer: int, tokens: Tensor) -> LayerMeasures:
        """Measure one layer.

        Args:
            layer: its number, from 0.
            tokens: of originals, low and high frequencies one after another, (3P, T, D).
        """
        projected = self.projectors[layer](tokens).float()
        original, low, high = projected.unflatten(0, (3, -1))
        pairs = ((original, low), (original, high), (low, high))
        cosines = [functional.cosine_similarity(a, b, dim=-1) for a, b in pairs]
        deviation, mean = torch.std_mean(original, dim=1)
        return LayerMeasures(torch.stack(cosines, 1), torch.cat([mean, deviation], dim=1))

    def forward(self, measures: list[LayerMeasures]) -> Tensor:
        """What was measured, all layers -> vectors_PF: similarities, then the spectral context."""
        context_PF = self.context(torch.stack([each.original_P2F for each in measures], 1))
        if not self.similarities:
            return context_PF
        cosines_PL3T = torch.stack([each.cosines_P3T for each in measures], 1)
        return torch.cat([similarity_vector(cosines_PL3T), context_PF.float()], dim=1)


class SpectralContext(nn.Module):
    """Statistics of the original's tokens in each layer -> one vector, layers weighted."""

    def __init__(self, layers: int, features: int, dropout: float) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.randn(1, layers, features))
        self.proj1 = RestorationProjector(2 * features, features, dropout, of_tokens=False)
        self.proj2 = RestorationProjector(features, features, dropout, of_tokens=False)

    def forward(self, statistics_PLF: Tensor) -> Tensor:
        """(P, L, 2 * features) -> (P, features)."""
        weighted = self.proj1(statistics_PLF) * self.alpha.softmax(dim=1)
        return self.proj2(weighted.sum(dim=1))


def similarity_vector(cosines_PL3T: Tensor) -> Tensor:
    """Of each pair the means over tokens, layer by layer, then the (unbiased) deviations."""
    deviation_PL3, mean_PL3 = torch.std_mean(cosines_PL3T, dim=3)
    return torch.stack([mean_PL3, deviation_PL3], 3).permute(0, 2, 3, 1).flatten(1)
