"""Ways to put spectral and semantic features together.

`LateFusion` is the authors'. Of the others the seed document names no more than where they act:
their widths, their residual paths and what the semantic side gives are our reading.

B batch, N squares per image, F width of a spectral vector, K parts, S width of a semantic one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from detectors.networks.sem_spai.cross_attention import SpectralSemanticAttention

Attended = Callable[[Tensor], Tensor]
"""SPAI's frozen context attention and normalisation: vectors_BNF -> vector_BF."""
Semantic = Literal["whole", "parts", "middle"]
"""What is asked of the backbone: its features of the image, (B, 1, S); of the image and its
quarters, (B, 5, S); its middle block's of the image, (B, 1, S)."""


class Fusion(nn.Module):
    """One way of fusing; `num_features` is the width of what it gives."""

    semantic: Semantic = "parts"
    num_features: int

    def forward(self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended) -> Tensor:
        """What the classifier is given, (B, num_features)."""
        raise NotImplementedError

    def attention_maps(
        self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended
    ) -> dict[str, Tensor]:
        """Weights of its cross-attention by name, (B, Q, K); none where it has none."""
        return {}


class LateFusion(Fusion):
    """The authors': both vectors concatenated and mixed, the spectral one beside it once more.

    Names of weights are those of the official checkpoints.

    Args:
        spectral: F.
        semantic: S.
        compact: width of the projected semantic vector.
        mixed: width of the mixture.
        dropout: probability.
        residual: False gives the mixture alone (`late_no_residual`, our reading of the name).
    """

    semantic = "whole"

    def __init__(
        self,
        spectral: int,
        semantic: int,
        compact: int,
        mixed: int,
        dropout: float,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.semantic_projection = nn.Sequential(
            nn.LayerNorm(semantic), nn.Linear(semantic, compact), nn.GELU(), nn.Dropout(dropout)
        )
        self.fusion_layer = nn.Sequential(
            nn.Linear(spectral + compact, mixed), nn.GELU(), nn.Dropout(dropout)
        )
        self.num_features = mixed + (spectral if residual else 0)

    def forward(self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended) -> Tensor:
        """(B, F + mixed), or (B, mixed)."""
        spectral_BF = attended(vectors_BNF)
        compact = self.semantic_projection(semantic_BKS[:, 0])
        mixed = self.fusion_layer(torch.cat([spectral_BF, compact], dim=1))
        return torch.cat([spectral_BF, mixed], dim=1) if self.residual else mixed


class CrossBeforeAttention(Fusion):
    """Every square looks at the semantic parts; then SPAI's attention makes one of the squares."""

    def __init__(self, spectral: int, semantic: int, dropout: float) -> None:
        super().__init__()
        self.cross = SpectralSemanticAttention(spectral, semantic, dropout)
        self.num_features = spectral

    def forward(self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended) -> Tensor:
        """(B, F)."""
        return attended(vectors_BNF + self.cross(vectors_BNF, semantic_BKS))

    def attention_maps(
        self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended
    ) -> dict[str, Tensor]:
        """Of each square to each part."""
        return {"squares_to_parts": self.cross.weights(vectors_BNF, semantic_BKS)}


class CrossAfterAttention(Fusion):
    """The image's one spectral vector looks at the semantic parts."""

    def __init__(self, spectral: int, semantic: int, dropout: float) -> None:
        super().__init__()
        self.cross = SpectralSemanticAttention(spectral, semantic, dropout)
        self.norm = nn.LayerNorm(spectral)
        self.num_features = spectral

    def forward(self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended) -> Tensor:
        """(B, F)."""
        spectral_B1F = attended(vectors_BNF)[:, None]
        return self.norm(spectral_B1F + self.cross(spectral_B1F, semantic_BKS))[:, 0]

    def attention_maps(
        self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended
    ) -> dict[str, Tensor]:
        """Of the image to each part."""
        return {"image_to_parts": self.cross.weights(attended(vectors_BNF)[:, None], semantic_BKS)}


class BidirectionalFusion(Fusion):
    """Squares look at parts and parts at squares; the mean of the parts joins the squares' one."""

    def __init__(self, spectral: int, semantic: int, compact: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.LayerNorm(semantic), nn.Linear(semantic, compact))
        self.to_parts = SpectralSemanticAttention(spectral, compact, dropout)
        self.to_squares = SpectralSemanticAttention(compact, spectral, dropout)
        self.norm = nn.LayerNorm(compact)
        self.num_features = spectral + compact

    def forward(self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended) -> Tensor:
        """(B, F + compact)."""
        parts = self.project(semantic_BKS)
        spectral_BF = attended(vectors_BNF + self.to_parts(vectors_BNF, parts))
        looked = self.norm(parts + self.to_squares(parts, vectors_BNF))
        return torch.cat([spectral_BF, looked.mean(dim=1)], dim=1)

    def attention_maps(
        self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended
    ) -> dict[str, Tensor]:
        """Of squares to parts, and of parts to squares."""
        parts = self.project(semantic_BKS)
        return {
            "squares_to_parts": self.to_parts.weights(vectors_BNF, parts),
            "parts_to_squares": self.to_squares.weights(parts, vectors_BNF),
        }


class MidLevelFusion(Fusion):
    """Features of the backbone's middle block are mixed into every square's vector."""

    semantic = "middle"

    def __init__(
        self, spectral: int, semantic: int, compact: int, mixed: int, dropout: float
    ) -> None:
        super().__init__()
        self.project = nn.Sequential(
            nn.LayerNorm(semantic), nn.Linear(semantic, compact), nn.GELU(), nn.Dropout(dropout)
        )
        self.mix = nn.Sequential(
            nn.LayerNorm(spectral + compact),
            nn.Linear(spectral + compact, mixed),
            nn.GELU(),
            nn.Dropout(dropout),
        )
        self.to_out = nn.Linear(mixed, spectral)
        self.num_features = spectral
        nn.init.zeros_(self.to_out.weight)  # begins as SPAI itself
        nn.init.zeros_(self.to_out.bias)

    def forward(self, vectors_BNF: Tensor, semantic_BKS: Tensor, attended: Attended) -> Tensor:
        """(B, F)."""
        compact = self.project(semantic_BKS).expand(-1, vectors_BNF.shape[1], -1)
        change = self.to_out(self.mix(torch.cat([vectors_BNF, compact], dim=2)))
        return attended(vectors_BNF + change)
