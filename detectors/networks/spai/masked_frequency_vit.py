"""The ViT of masked frequency modelling (Xie et al., arXiv 2206.07706), which SPAI reads.

A plain ViT with a class token and absolute positions, whose queries and values have a bias and
whose keys have none, as BEiT has it. Names of weights are the official ones.

B batch, T tokens without the class token, D width.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.lasting_errors import WeightsMismatch
from detectors.weights import load_strictly

NORM_EPS = 1e-6
PRETRAINING = "encoder."
"""Before each key of the ViT in a checkpoint of the pretraining, whose decoder is another part."""
NOT_READ = ("norm.", "fc_norm.", "head.", "mask_token", "decoder.")
"""Weights behind the blocks, and of the pretraining's own task: SPAI reads the blocks' tokens."""


class MaskedFrequencyViT(nn.Module):
    """Normalised images of one side -> the tokens after every block, one block at a time.

    Args:
        side_px: of the images.
        token_px: side of the square that a token stands for.
        width: of a token.
        depth: number of blocks.
        heads: of attention.
        drop_path: share of images that skip the last block in training (stochastic depth); in
            proportion for those before it.
    """

    def __init__(
        self, side_px: int, token_px: int, width: int, depth: int, heads: int, drop_path: float
    ) -> None:
        super().__init__()
        self.tokens_per_side = side_px // token_px
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.tokens_per_side**2 + 1, width))
        embed = nn.Conv2d(3, width, token_px, stride=token_px)
        self.patch_embed = nn.Sequential(OrderedDict(proj=embed))
        rates = [drop_path * index / max(depth - 1, 1) for index in range(depth)]
        self.blocks = nn.ModuleList(ViTBlock(width, heads, rate) for rate in rates)
        for embedding in (self.cls_token, self.pos_embed):
            nn.init.normal_(embedding, std=0.02)

    def embedded(self, images_BCHW: Tensor) -> Tensor:
        """What the first block is given, the class token first: (B, 1 + T, D)."""
        tokens_BTD = self.patch_embed(images_BCHW).flatten(2).transpose(1, 2)
        first = self.cls_token.expand(len(images_BCHW), -1, -1)
        return torch.cat([first, tokens_BTD], dim=1) + self.pos_embed

    def tokens(self, images_BCHW: Tensor) -> Iterator[Tensor]:
        """Tokens after each block, the class token left out: tokens_BTD, `depth` times."""
        tokens = self.embedded(images_BCHW)
        for block in self.blocks:
            tokens = block(tokens)
            yield tokens[:, 1:]

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights of an MFM checkpoint, of its pretraining or of the ViT alone.

        Raises:
            WeightsMismatch: it is not this ViT; the message names the keys.
        """
        if any(key.startswith(PRETRAINING) for key in state):
            state = {
                key.removeprefix(PRETRAINING): value
                for key, value in state.items()
                if key.startswith(PRETRAINING)
            }
        biases = [key for key in state if "relative_position" in key or "rel_pos_bias" in key]
        if biases:
            raise WeightsMismatch(
                f"These weights have relative positions ({biases[0]}); SPAI's ViT has absolute "
                "ones (pos_embed). Give the checkpoint that SPAI's authors name."
            )
        load_strictly(self, {k: v for k, v in state.items() if not k.startswith(NOT_READ)})


class ViTBlock(nn.Module):
    """Attention and a perceptron, each added to what it is given."""

    def __init__(self, width: int, heads: int, drop_path: float) -> None:
        super().__init__()
        self.drop_path = drop_path
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.attn = KeylessBiasAttention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=NORM_EPS)
        layers = OrderedDict(
            fc1=nn.Linear(width, 4 * width), act=nn.GELU(), fc2=nn.Linear(4 * width, width)
        )
        self.mlp = nn.Sequential(layers)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens with the class token, same shape."""
        tokens = tokens + self._kept(self.attn(self.norm1(tokens)))
        return tokens + self._kept(self.mlp(self.norm2(tokens)))

    def _kept(self, change: Tensor) -> Tensor:
        if not self.training or self.drop_path == 0:
            return change
        share = 1 - self.drop_path
        kept = torch.rand(len(change), 1, 1, device=change.device) < share
        return change * (kept / share)


class KeylessBiasAttention(nn.Module):
    """Self-attention with a bias on queries and values and none on keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens, same shape."""
        bias = torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])
        qkv = functional.linear(tokens, self.qkv.weight, bias)
        query, key, value = qkv.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # type: ignore[no-untyped-call]
        attended = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(attended.transpose(1, 2).flatten(2))
