"""Vectors of one kind look at vectors of another.

B batch, Q vectors that ask, K vectors that are looked at.
"""

from __future__ import annotations

from torch import Tensor, nn


class SpectralSemanticAttention(nn.Module):
    """Both kinds normalised, softmax over those looked at; begins by adding nothing.

    Args:
        asking: width of the vectors that ask, and of the result.
        asked: width of those that are looked at.
        dropout: probability, of the result.
        heads: of attention.
        head_width: of each.
    """

    def __init__(
        self, asking: int, asked: int, dropout: float, heads: int = 8, head_width: int = 64
    ) -> None:
        super().__init__()
        self.heads = heads
        self.norm_asking, self.norm_asked = nn.LayerNorm(asking), nn.LayerNorm(asked)
        self.to_query = nn.Linear(asking, heads * head_width, bias=False)
        self.to_kv = nn.Linear(asked, 2 * heads * head_width, bias=False)
        self.to_out = nn.Linear(heads * head_width, asking)
        self.dropout = nn.Dropout(dropout)
        # What the frozen parts know is where training begins.
        nn.init.zeros_(self.to_out.weight)
        nn.init.zeros_(self.to_out.bias)

    def forward(self, asking_BQD: Tensor, asked_BKD: Tensor) -> Tensor:
        """What is to be added to `asking_BQD`, same shape."""
        return self._attended(asking_BQD, asked_BKD)[0]

    def weights(self, asking_BQD: Tensor, asked_BKD: Tensor) -> Tensor:
        """How much each looks at each, mean over the heads: (B, Q, K), rows sum to 1."""
        return self._attended(asking_BQD, asked_BKD)[1].mean(dim=1)

    def _attended(self, asking_BQD: Tensor, asked_BKD: Tensor) -> tuple[Tensor, Tensor]:
        query = self.to_query(self.norm_asking(asking_BQD)).unflatten(2, (self.heads, -1))
        both = self.to_kv(self.norm_asked(asked_BKD)).unflatten(2, (2, self.heads, -1))
        key, value = both.permute(2, 0, 3, 1, 4)
        query = query.transpose(1, 2) * query.shape[-1] ** -0.5
        weights = (query @ key.transpose(2, 3)).softmax(dim=-1)
        attended = (weights @ value).transpose(1, 2).flatten(2)
        return self.dropout(self.to_out(attended)), weights
