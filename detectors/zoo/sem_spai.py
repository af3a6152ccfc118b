"""Sem-SPAI: SPAI's spectral vector and a semantic backbone, both frozen (pradyutnair/spai).

A student project on top of SPAI, without a paper of its own. The official code is the late fusion;
of the other fusions the seed document says only where they act, so how they do is our reading
(`detectors/networks/sem_spai/fusions.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from detectors.backbone_names import BadBackboneName, parse_backbone_name
from detectors.contract import Card, OfficialCode, Options
from detectors.zoo.spai import CARD as SPAI_CARD
from detectors.zoo.spai import sizes

if TYPE_CHECKING:
    from torch import nn

    from detectors.key_maps import KeyMap

CONVNEXT_XXLARGE = "open_clip/convnext_xxlarge/laion2b_s34b_b82k_augreg"
CLIP_VIT_B_32 = "open_clip/ViT-B-32/openai"
OFFICIAL_DROP_PATH = 0.1
NATIVE = "native"


class SemSPAIOptions(Options):
    """How the two frozen parts are put together, and what each is given."""

    size: Literal["full", "tiny"] = "full"
    """tiny: SPAI's tiny network and the tiny backbone, for tests and small images."""

    fusion: Literal[
        "late",
        "late_no_residual",
        "cross_before_sca",
        "cross_after_sca",
        "bidirectional",
        "midlevel_clip",
    ] = "late"
    """late: the official one, 2,309,889 trained weights. late_no_residual: without the spectral
    vector beside the mixture. cross_before_sca, cross_after_sca: cross-attention from squares, or
    from the image's vector, to the semantic features of the image and its quarters, before or after
    spectral context attention. bidirectional: both ways, before it. midlevel_clip: the semantic
    backbone's middle block, mixed into the squares' vectors. All but the first are our reading."""

    semantic: str | None = None
    """Name of the backbone (`detectors/backbone_names.py`): timm/vit_large_patch14_dinov2.lvd142m,
    ... None: ConvNeXt-XXLarge of open_clip; for midlevel_clip CLIP's ViT-B-32; for tiny `tiny`."""

    semantic_statistics: Literal["imagenet", "library"] = "imagenet"
    """What the backbone's input is normalised by. The official code takes ImageNet's for a CLIP
    model, whose own are others; library: the model's own."""

    semantic_px_train: int | None = Field(default=None, ge=8)
    """Training images are squashed to this side for the backbone. None: left as they are (official:
    the whole strip of views), unless the backbone takes one size only, or parts of images."""

    semantic_px_test: int | None = Field(default=None, ge=8)
    """The same in validation and tests; None = 224, tiny 32."""

    spectral_px_train: int | None = Field(default=None, ge=8)
    """Training images are squashed to this side for SPAI; None = left as they are (official)."""

    spectral_px_test: int | Literal["native"] | None = None
    """The same in validation and tests; None = 1024, tiny native. The official code validates at
    224 and tests at 1024. native is what SPAI itself does: images as they are."""

    frozen_dropout: bool = False
    """True: in training, dropout (and drop path 0.1) within the frozen SPAI stay on, as in the
    official code, whose train mode reaches them."""

    @field_validator("semantic")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                parse_backbone_name(name)
            except BadBackboneName as error:
                raise ValueError(str(error)) from None
        return name

    @field_validator("spectral_px_test")
    @classmethod
    def _large_enough(cls, side_px: int | str | None) -> int | str | None:
        if isinstance(side_px, int) and side_px < 8:
            raise ValueError("a side has at least 8 px")
        return side_px

    def weight_parts(self) -> tuple[str, ...]:
        """What `weights:` may fill apart: SPAI, and the semantic backbone."""
        return ("spectral", "semantic")

    def semantic_name(self) -> str:
        """The backbone's name."""
        if self.semantic is not None:
            return self.semantic
        if self.size == "tiny":
            return "tiny"
        return CLIP_VIT_B_32 if self.fusion == "midlevel_clip" else CONVNEXT_XXLARGE

    def spectral_sides(self) -> tuple[int | None, int | None]:
        """Sides of SPAI's images in training and in tests; None = as they are."""
        test = self.spectral_px_test or (NATIVE if self.size == "tiny" else 1024)
        return self.spectral_px_train, None if isinstance(test, str) else test

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 64 px; `full` estimated, from SPAI's squares and the backbone."""
        return 1.1 if self.size == "tiny" else 60.0


# For the preset official and fusion late. Mixed precision is off, on an A100, where torch rounds
# convolutions to TF32 by default; tf32 here rounds all products.
OFFICIAL: dict[str, Any] = {
    "optimizer": "adamw",
    "lr": 5e-4,
    "weight_decay": 0.05,
    "decay_on": "matrices",
    "schedule": "cosine",
    "final_lr_fraction": 5e-4,
    "epochs": 10,
    "batch_size": 256,
    "selection": "validation_loss",
    "precision": "tf32",
}

CARD = Card(
    name="sem_spai",
    version=1,
    title="Sem-SPAI: SPAI's spectral vector fused with what a semantic backbone sees",
    options=SemSPAIOptions,
    # The geometry leaves test images as they are; the network squashes them for each of its parts.
    presets=SPAI_CARD.presets,
    default_preset="official",
    # The seed document's commands are those of the official code; there is no paper.
    recipes={"official": OFFICIAL, "seed": OFFICIAL},
    code=OfficialCode(
        repository="pradyutnair/spai", commit="6de195d", licence="Apache-2.0", positive="fake"
    ),
    published=(
        "The repository publishes no numbers; it was trained and tested on random parts of "
        "Chameleon, which is no cross-dataset result.",
    ),
)


def build(options: SemSPAIOptions) -> nn.Module:
    """The network; see `detectors.networks.sem_spai.network.SemSPAI`."""
    from detectors.networks.backbones import frozen_backbone
    from detectors.networks.sem_spai.network import SemSPAI
    from detectors.networks.spai.network import SpectralEncoder

    is_tiny = options.size == "tiny"
    drop_path = OFFICIAL_DROP_PATH if options.frozen_dropout else 0.0
    return SemSPAI(
        SpectralEncoder(sizes(options.size), drop_path=drop_path),
        frozen_backbone(options.semantic_name(), statistics=options.semantic_statistics),
        options.fusion,
        compact=16 if is_tiny else 256,
        mixed=32 if is_tiny else 512,
        spectral_px=options.spectral_sides(),
        semantic_px=(
            options.semantic_px_train,
            options.semantic_px_test or (32 if is_tiny else 224),
        ),
        frozen_dropout=options.frozen_dropout,
    )


def official_weights(options: SemSPAIOptions) -> KeyMap:
    """Keys of the official checkpoints, which hold both frozen parts too; late fusion only.

    SPAI's own classifier in them is not used. That the backbone's keys are the trunk's own is our
    reading: no checkpoint was at hand.
    """
    from detectors.key_maps import PrefixMap
    from detectors.networks.spai.official_keys import official_keys

    spai = official_keys("spai_model.", "spectral.")
    return PrefixMap(
        prefixes=(
            *spai.prefixes,
            ("semantic_backbone.", "semantic.network.trunk."),
            ("semantic_projection.", "fusion.semantic_projection."),
            ("fusion_layer.", "fusion.fusion_layer."),
        ),
        unused=(*spai.unused, "spai_model.cls_head."),
    )
