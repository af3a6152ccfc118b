"""Sem-SPAI (pradyutnair/spai, a student project on top of SPAI; no paper of its own).

B batch, N squares per image, F width of a spectral vector, K parts, S width of a semantic one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from detectors.lasting_errors import WeightsMismatch
from detectors.networks.frozen_backbone import FrozenBackbone
from detectors.networks.precision import full_precision
from detectors.networks.resized import squashed
from detectors.networks.sem_spai.fusions import (
    BidirectionalFusion,
    CrossAfterAttention,
    CrossBeforeAttention,
    Fusion,
    LateFusion,
    MidLevelFusion,
)
from detectors.networks.sem_spai.semantic_features import MiddleFeatures, features_of_parts
from detectors.networks.spai.network import SpectralEncoder
from detectors.networks.spai.official_keys import official_keys
from detectors.weights import load_strictly

if TYPE_CHECKING:
    from detectors.forward_memory import Peak

FusionName = Literal[
    "late",
    "late_no_residual",
    "cross_before_sca",
    "cross_after_sca",
    "bidirectional",
    "midlevel_clip",
]
DROPOUT = 0.5
HEAD = "head."
"""Of SPAI's weights: its own classifier, which is not used here."""


class SemSPAI(nn.Module):
    """SPAI's encoder and a semantic backbone, both frozen, a fusion of them and a classifier.

    Args:
        spectral: the encoder.
        semantic: the backbone.
        fusion: how they are put together.
        compact: width of a projected semantic vector.
        mixed: width of the fusion's and the classifier's hidden layers.
        spectral_px: side of the square that images are squashed to for SPAI, in training and in
            tests; None leaves them as they are.
        semantic_px: the same for the backbone; one of fixed input size gets that one always.
        frozen_dropout: in training the dropout within the frozen SPAI stays on, as the official
            code has it.
    """

    def __init__(
        self,
        spectral: SpectralEncoder,
        semantic: FrozenBackbone,
        fusion: FusionName,
        *,
        compact: int = 256,
        mixed: int = 512,
        spectral_px: tuple[int | None, int | None] = (None, None),
        semantic_px: tuple[int | None, int | None] = (None, 224),
        frozen_dropout: bool = False,
    ) -> None:
        super().__init__()
        self.spectral, self.semantic = spectral, semantic
        self.spectral_px, self.semantic_px = spectral_px, semantic_px
        self.frozen_dropout = frozen_dropout
        self.spectral.requires_grad_(False)
        self.spectral.vit_is_frozen = True
        self._middle = MiddleFeatures(semantic) if fusion == "midlevel_clip" else None
        width = self._middle.num_features if self._middle else semantic.num_features
        self.fusion = _fusion(fusion, spectral.num_features, width, compact, mixed)
        self.classifier = nn.Sequential(
            nn.Linear(self.fusion.num_features, mixed),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(mixed, 1),
        )
        self.train()

    def train(self, mode: bool = True) -> SemSPAI:
        """As any module's, but for what is frozen."""
        super().train(mode)
        self.spectral.train(mode and self.frozen_dropout)
        return self

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """The weights of one part, the semantic one where none is named.

        Args:
            state: for `spectral` of a whole SPAI, official or trained here; for `semantic` the
                library's.
            part: `spectral` or `semantic`.

        Raises:
            WeightsMismatch: they do not fit, or there is no such part.
        """
        if part in (None, "semantic"):
            self.semantic.load_backbone(state)
        elif part == "spectral":
            own = _spai_weights(state)
            load_strictly(self.spectral, {k: v for k, v in own.items() if not k.startswith(HEAD)})
        else:
            raise WeightsMismatch(f"Sem-SPAI has no part {part!r}; give spectral or semantic.")

    def forward_bytes(self, height: int, width: int, peak: Peak) -> int:
        """What a pass over one image takes in tests: that of both parts; see `SpectralEncoder`."""
        spectral = self.spectral_px[1]
        given = (height, width) if spectral is None else (spectral, spectral)
        side_px = self.semantic.input_px or self.semantic_px[1]
        seen = (height, width) if side_px is None else (side_px, side_px)
        copied = 4 * 3 * (height * width + given[0] * given[1])
        return self.spectral.forward_bytes(*given, peak) + peak(self.semantic, *seen) + copied

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size -> logit_B, larger = more fake."""
        vectors_BNF = self._spectral_vectors(images_BCHW)
        semantic_BKS = self._semantic_vectors(images_BCHW)
        fused_BF = self.fusion(vectors_BNF, semantic_BKS, self.spectral.attended)
        hidden = self.classifier[:-1](fused_BF)
        with full_precision(images_BCHW.device.type):
            return self.classifier[-1](hidden.float()).squeeze(1)

    def _for_spectral(self, images_BCHW: Tensor) -> Tensor:
        side_px = self.spectral_px[0 if self.training else 1]
        return images_BCHW if side_px is None else squashed(images_BCHW, side_px)

    def _spectral_vectors(self, images_BCHW: Tensor) -> Tensor:
        with torch.no_grad():
            squares = self.spectral.patches(self._for_spectral(images_BCHW)).squares_BNCSS
            return self.spectral.square_vectors(squares)

    def _semantic_vectors(self, images_BCHW: Tensor) -> Tensor:
        side_px = self.semantic.input_px or self.semantic_px[0 if self.training else 1]
        if self.fusion.semantic == "parts":
            # Parts of other proportions than the image: all are brought to one size.
            return features_of_parts(self.semantic, images_BCHW, side_px or self._side())
        images_BCHW = images_BCHW if side_px is None else squashed(images_BCHW, side_px)
        features = self._middle or self.semantic.features
        return features(images_BCHW)[:, None]

    def _side(self) -> int:
        return self.semantic_px[1] or self.spectral.side_px

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """What SPAI sees of the images, and the weights of cross-attention where there is one.

        squares_to_parts: (B, 5, rows, columns), a plane for each of `semantic_features.PARTS`.
        parts_to_squares: the same, how much a part looks at each square.
        image_to_parts: (B, 5, 1, 1).
        """
        given = self._for_spectral(images_BCHW.float())
        patches = self.spectral.patches(given)
        with torch.no_grad():
            vectors_BNF = self.spectral.square_vectors(patches.squares_BNCSS)
            semantic_BKS = self._semantic_vectors(images_BCHW)
            attended = self.spectral.attended
            weights = self.fusion.attention_maps(vectors_BNF, semantic_BKS, attended)
        maps = self.spectral.what_it_sees(given)
        for name, weights_BQK in weights.items():
            of_parts = weights_BQK if name == "parts_to_squares" else weights_BQK.transpose(1, 2)
            one = (1, 1) if name == "image_to_parts" else (patches.rows, patches.columns)
            maps[name] = of_parts.unflatten(2, one).float()  # type: ignore[no-untyped-call]
        return maps


def _fusion(name: FusionName, spectral: int, semantic: int, compact: int, mixed: int) -> Fusion:
    if name == "cross_before_sca":
        return CrossBeforeAttention(spectral, semantic, DROPOUT)
    if name == "cross_after_sca":
        return CrossAfterAttention(spectral, semantic, DROPOUT)
    if name == "bidirectional":
        return BidirectionalFusion(spectral, semantic, compact, DROPOUT)
    if name == "midlevel_clip":
        return MidLevelFusion(spectral, semantic, compact, mixed, DROPOUT)
    residual = name == "late"
    return LateFusion(spectral, semantic, compact, mixed, DROPOUT, residual)


def _spai_weights(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    is_official = any("mfvit." in key for key in state)
    return official_keys().from_official(state) if is_official else state
