"""Spectral context attention: the vectors of an image's squares as one (SPAI, section 3.4).

B batch, N squares per image, F width of their vectors.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ContextAttention(nn.Module):
    """A learned query looks at the squares; any number of them.

    Args:
        width: of the vectors.
        heads: of attention.
        head_width: of each.
        dropout: probability, of weights and of the result.
    """

    def __init__(self, width: int, heads: int, head_width: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(heads, 1, head_width))
        self.to_kv = nn.Linear(width, 2 * heads * head_width, bias=False)
        self.to_out = nn.Linear(heads * head_width, width, bias=False)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.query, std=0.02)

    def forward(self, vectors_BNF: Tensor) -> Tensor:
        """(B, N, F) -> (B, F)."""
        weights, value = self._weights_and_values(vectors_BNF)
        attended = self.dropout(weights) @ value
        return self.dropout(self.to_out(attended.flatten(1)))

    def weights(self, vectors_BNF: Tensor) -> Tensor:
        """How much each square counts, the mean over the heads: (B, N), each row sums to 1."""
        return self._weights_and_values(vectors_BNF)[0].mean(dim=(1, 2))

    def _weights_and_values(self, vectors_BNF: Tensor) -> tuple[Tensor, Tensor]:
        heads, _, head_width = self.query.shape
        both = self.to_kv(vectors_BNF).unflatten(2, (2, heads, head_width))
        key, value = both.permute(2, 0, 3, 1, 4)
        similarity = self.query @ key.transpose(2, 3) * head_width**-0.5
        return similarity.softmax(dim=-1), value


class MeanOfSquares(nn.Module):
    """Without attention: every square counts alike."""

    def forward(self, vectors_BNF: Tensor) -> Tensor:
        """(B, N, F) -> (B, F)."""
        return vectors_BNF.mean(dim=1)

    def weights(self, vectors_BNF: Tensor) -> Tensor:
        """(B, N)."""
        return vectors_BNF.new_full(vectors_BNF.shape[:2], 1 / vectors_BNF.shape[1])
