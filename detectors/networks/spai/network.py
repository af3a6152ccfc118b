"""SPAI (Karageorgiou et al., CVPR 2025, arXiv 2411.19417), for images of any size.

B batch, N squares per image, P = B * N squares, T tokens, F width of a square's vector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision
from detectors.networks.spai.context_attention import ContextAttention, MeanOfSquares
from detectors.networks.spai.frequency_split import FrequencySplit
from detectors.networks.spai.masked_frequency_vit import MaskedFrequencyViT
from detectors.networks.spai.patches import Patches, cut_into_patches
from detectors.networks.spai.restoration import (
    FrequencyRestoration,
    LayerMeasures,
    similarity_vector,
)

if TYPE_CHECKING:
    from detectors.forward_memory import Peak

SQUARES_AT_ONCE = 32
"""Squares, each of them three images, that go through the ViT together: a bound of memory, about
0.7 GB at full size. A GPU is full with them."""

FrozenViT = Literal["once_pretrained", "always", "never"]


@dataclass(frozen=True, kw_only=True)
class SPAISizes:
    """Widths and numbers of layers; the defaults are the published network."""

    side_px: int = 224
    token_px: int = 16
    width: int = 768
    depth: int = 12
    heads: int = 12
    features: int = 1024
    attention_heads: int = 12
    attention_head_width: int = 128
    head_factor: int = 3
    """Width of the head's hidden layers in those of its input."""


class SpectralEncoder(nn.Module):
    """Squares, their low and high frequencies, a ViT's tokens of all three, one vector per image.

    Args:
        sizes: of the parts.
        stride_px: between squares; None = their side, so that none overlap.
        fewest_squares: an image with fewer gives five crops instead.
        dropout: probability, in front of and behind every linear layer but the last.
        drop_path: largest rate of stochastic depth in the ViT. The official code leaves 0.1 on in
            training, in the frozen ViT too; 0 here means that a frozen ViT is in eval mode.
        frozen_vit: `once_pretrained` freezes it when `load_backbone` fills it, as the official code
            does, and trains it otherwise.
        similarities: False leaves the restoration's similarities out (ablation).
        attention: False takes the mean of the squares instead (ablation).
    """

    def __init__(
        self,
        sizes: SPAISizes | None = None,
        *,
        stride_px: int | None = None,
        fewest_squares: int = 4,
        dropout: float = 0.5,
        drop_path: float = 0.0,
        frozen_vit: FrozenViT = "once_pretrained",
        similarities: bool = True,
        attention: bool = True,
    ) -> None:
        super().__init__()
        sizes = sizes or SPAISizes()
        self.side_px, self.stride_px = sizes.side_px, stride_px or sizes.side_px
        self.fewest_squares = fewest_squares
        self.drop_path, self.frozen_vit, self.vit_is_frozen = drop_path, frozen_vit, False
        self.split, self.normalise = FrequencySplit(sizes.side_px), Normalise()
        self.vit = MaskedFrequencyViT(
            sizes.side_px, sizes.token_px, sizes.width, sizes.depth, sizes.heads, drop_path
        )
        self.restoration = FrequencyRestoration(
            sizes.depth, sizes.width, sizes.features, dropout, similarities
        )
        width = self.num_features = self.restoration.num_features
        heads, head_width = sizes.attention_heads, sizes.attention_head_width
        self.attention = (
            ContextAttention(width, heads, head_width, dropout) if attention else MeanOfSquares()
        )
        self.norm = nn.LayerNorm(width)
        draw_linear_layers(self)
        if frozen_vit == "always":
            self.freeze_vit()

    def freeze_vit(self) -> None:
        """Train the ViT no longer; without `drop_path` it stays in eval mode from now on."""
        self.vit_is_frozen = True
        self.vit.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> SpectralEncoder:
        """As any module's, but for a frozen ViT."""
        super().train(mode)
        if self.vit_is_frozen and self.drop_path == 0:
            self.vit.eval()
        return self

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """The weights of an MFM ViT; see `MaskedFrequencyViT.load_backbone`."""
        self.vit.load_backbone(state)
        if self.frozen_vit == "once_pretrained":
            self.freeze_vit()

    def forward_bytes(self, height: int, width: int, peak: Peak) -> int:
        """What a pass over one image takes: so many squares at once, whatever the image's size.

        Squares are copied out of the image, and stacked; see `detectors.forward_memory`.
        """
        blank = torch.zeros(()).expand(1, 3, height, width)
        patches = self.patches(blank)
        squares = patches.squares_BNCSS.shape[1]
        together = min(squares, SQUARES_AT_ONCE)
        copied = 4 * 3 * (height * width + 2 * squares * self.side_px**2)
        return together * peak(self, self.side_px, self.side_px) + copied

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """As `image_vectors`."""
        return self.image_vectors(images_BCHW)

    def image_vectors(self, images_BCHW: Tensor) -> Tensor:
        """One vector per image, what the head is given: (B, F)."""
        squares_BNCSS = self.patches(images_BCHW).squares_BNCSS
        return self.attended(self.square_vectors(squares_BNCSS))

    def attended(self, vectors_BNF: Tensor) -> Tensor:
        """The vectors of an image's squares as one: (B, F)."""
        return self.norm(self.attention(vectors_BNF))

    def patches(self, images_BCHW: Tensor) -> Patches:
        """The squares that are looked at."""
        return cut_into_patches(images_BCHW, self.side_px, self.stride_px, self.fewest_squares)

    def square_vectors(self, squares_BNCSS: Tensor) -> Tensor:
        """One vector per square, (B, N, F), all images' squares in one stack."""
        squares_PCSS = squares_BNCSS.flatten(0, 1)
        vectors = [
            self.restoration(list(self.measures(part)))
            for part in squares_PCSS.split(SQUARES_AT_ONCE)  # type: ignore[no-untyped-call]
        ]
        return torch.cat(vectors).unflatten(0, squares_BNCSS.shape[:2])  # type: ignore[no-untyped-call]

    def measures(self, squares_PCSS: Tensor) -> Iterator[LayerMeasures]:
        """What is kept of each layer; the tokens of only one are held at a time."""
        tokens = self._embedded(squares_PCSS)
        for layer, block in enumerate(self.vit.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and not self.vit_is_frozen):
                tokens = block(tokens)
            yield self.restoration.measured(layer, tokens[:, 1:])

    def _embedded(self, squares_PCSS: Tensor) -> Tensor:
        images = self.normalised_versions(squares_PCSS)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.vit_is_frozen):
            return self.vit.embedded(images)

    def normalised_versions(self, squares_PCSS: Tensor) -> Tensor:
        """The squares, their low and their high frequencies, as the ViT takes them: (3P, C, S, S).

        Both parts are cut off at 0 and 1 before they are normalised. The high frequencies have mean
        zero, so half of them is lost: official, and what checkpoints were trained with.
        """
        with full_precision(squares_PCSS.device.type):
            squares_PCSS = squares_PCSS.float()
            low, high = self.split(squares_PCSS)
            return self.normalise(torch.cat([squares_PCSS, low.clamp(0, 1), high.clamp(0, 1)]))

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """Maps for drawing, float32, on the squares side by side.

        low_frequencies, high_frequencies: the images' parts, 3 planes, before they are cut off.
        attention: how much each square counts, (B, 1, rows, columns).
        token_similarities: cosines of `restoration.PAIRS`, a plane each, mean over the layers,
        one value per token.
        similarities: mean and deviation of each pair, (B, 1, 6, layers), mean over the squares.
        """
        patches = self.patches(images_BCHW.float())
        squares_PCSS = patches.squares_BNCSS.flatten(0, 1)
        shape = patches.squares_BNCSS.shape[:2]
        with torch.no_grad():
            parts = [list(self.measures(part)) for part in squares_PCSS.split(SQUARES_AT_ONCE)]  # type: ignore[no-untyped-call]
            vectors_BNF = torch.cat([self.restoration(part) for part in parts]).unflatten(0, shape)  # type: ignore[no-untyped-call]
            layers = [torch.stack([each.cosines_P3T for each in part], 1) for part in parts]
            cosines_PL3T = torch.cat(layers)
            low, high = self.split(squares_PCSS)
            weights_BN = self.attention.weights(vectors_BNF)
        side = self.vit.tokens_per_side
        tokens = cosines_PL3T.mean(1).unflatten(2, (side, side)).unflatten(0, shape)  # type: ignore[no-untyped-call]
        table = similarity_vector(cosines_PL3T).unflatten(1, (6, -1)).unflatten(0, shape)  # type: ignore[no-untyped-call]
        return {
            "low_frequencies": patches.laid_out(low.unflatten(0, shape)),
            "high_frequencies": patches.laid_out(high.unflatten(0, shape)),
            "attention": weights_BN.float().view(-1, 1, patches.rows, patches.columns),
            "token_similarities": patches.laid_out(tokens),
            "similarities": table.mean(1, keepdim=True),
        }


class SPAI(SpectralEncoder):
    """The spectral encoder and a perceptron on its vector: one logit.

    Args: those of `SpectralEncoder`.
    """

    def __init__(
        self, sizes: SPAISizes | None = None, *, dropout: float = 0.5, **options: Any
    ) -> None:
        super().__init__(sizes, dropout=dropout, **options)
        width = self.num_features
        hidden = (sizes or SPAISizes()).head_factor * width
        self.head = nn.Sequential(  # places are those of official checkpoints
            nn.Linear(width, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 1),
        )
        draw_linear_layers(self.head)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size -> logit_B, larger = more fake."""
        return self.logits(self.image_vectors(images_BCHW))

    def logits(self, vectors_BF: Tensor) -> Tensor:
        """Images' vectors -> logit_B."""
        hidden = self.head[:-1](vectors_BF)
        with full_precision(vectors_BF.device.type):
            return self.head[-1](hidden.float()).squeeze(1)


def draw_linear_layers(network: nn.Module) -> None:
    """Give every linear layer the official initial weights: normal of deviation 0.02, no bias."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
