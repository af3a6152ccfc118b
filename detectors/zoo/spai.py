"""SPAI, spectral AI-generated image detection (Karageorgiou et al., CVPR 2025, arXiv 2411.19417).

Re-implemented from the paper and from measured facts; numbers of the official code are a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from torch import nn

    from detectors.key_maps import KeyMap
    from detectors.networks.spai.network import SPAISizes

SIDE_PX = {"full": 224, "tiny": 32}
TOKEN_PX = {"full": 16, "tiny": 8}


class SPAIOptions(Options):
    """How images are cut into squares, and which parts of the detector take part."""

    size: Literal["full", "tiny"] = "full"
    """full: 132,617,497 weights, of which 85.8 million are the ViT's. tiny: squares of 32 px and a
    ViT of 3 blocks, 148,839 weights: for tests and small images, with no claim to be SPAI."""

    patch_px: int | None = Field(default=None, ge=8)
    """Side of a square; None = 224, tiny 32. A multiple of 16, tiny 8. Other sides have other
    positions in the ViT, so weights of one do not fit another."""

    stride_px: int | None = Field(default=None, ge=1)
    """Between squares; None = their side, so none overlap. What is left over is not looked at."""

    fewest_patches: int = Field(default=4, ge=1)
    """An image with fewer squares gives its four corners and its middle instead."""

    frozen_vit: Literal["once_pretrained", "always", "never"] = "once_pretrained"
    """Whether the ViT is left as it is. once_pretrained: frozen where `weights:` fills it, as in
    the official code, trained where it begins at random."""

    drop_path: float = Field(default=0.0, ge=0, lt=1)
    """Stochastic depth of the ViT's last block in training, less for those before. The official
    code leaves 0.1 on, in the frozen ViT too, since its train mode reaches it; 0 (ours) means that
    a frozen ViT gives the same features in training and in tests."""

    similarities: bool = True
    """False: without the similarities of the restoration, the context vector alone (ablation)."""

    attention: bool = True
    """False: the mean of the squares instead of spectral context attention (ablation)."""

    @model_validator(mode="after")
    def _whole_tokens(self) -> SPAIOptions:
        token_px = TOKEN_PX[self.size]
        if self.patch_px is not None and self.patch_px % token_px:
            raise ValueError(
                f"patch_px {self.patch_px} is no multiple of {token_px}, the side of a token"
            )
        return self

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 64 px; `full` estimated from 0.5 s per square in testing."""
        return 3.1 if self.size == "tiny" else 90.0


# For the preset official. Mixed precision of the official code is float16 (apex O2), which becomes
# bfloat16 here. Its layer decay of 0.8 acts on nothing, because its names of layers begin otherwise
# than it thinks: there is none here.
_PAPER: dict[str, Any] = {
    "optimizer": "adamw",
    "lr": 5e-4,
    "weight_decay": 0.05,
    "decay_on": "matrices",
    "schedule": "cosine",
    "warmup_fraction": 5 / 35,
    "final_lr_fraction": 5e-4,
    "epochs": 35,
    "batch_size": 72,
    "selection": "validation_loss",
    "precision": "bfloat16",
}

CARD = Card(
    name="spai",
    version=1,
    title="SPAI: how well a ViT of masked frequencies restores an image's spectrum",
    options=SPAIOptions,
    presets={
        # Training sees four views of each image side by side; testing the image as it is, any size.
        # The variance of the official noise is uniform from 10 to 50, here the deviation is; its
        # blur has kernels of 3 to 9 px, here one of 4 sigma.
        "official": Pipelines(
            train=(
                'views(4, "random_resized_crop(224, scale=(0.2,1.0)) | hflip | vflip", '
                'augment=\'rotate(90, p=0.5, outside="crop") | blur(sigma=(0.01,0.5)) | '
                "noise(sigma=(3.2,7.1)) | jpeg(quality=(50,100))')"
            ),
            test="none",
        ),
        # Four crops that nothing is resampled in.
        "native": Pipelines(
            train='reflect(224) | views(4, "random_crop(224) | hflip")', test="none"
        ),
    },
    default_preset="official",
    recipes={
        "paper": _PAPER,
        # What is known of the published training is what the code does. Its other fault, drop path
        # in the frozen ViT, is the option drop_path: 0.1.
        "official": _PAPER,
    },
    paper=Paper(
        title="Any-Resolution AI-Generated Image Detection by Spectral Learning",
        authors=(
            "Karageorgiou, Dimitrios and Papadopoulos, Symeon and Kompatsiaris, Ioannis and "
            "Gavves, Efstratios"
        ),
        venue="CVPR 2025",
        year=2025,
        arxiv="2411.19417",
    ),
    code=OfficialCode(
        repository="mever-team/spai", commit="8ff7b3b", licence="Apache-2.0", positive="fake"
    ),
    # Not published by a library: the authors' file, imported under this name.
    initial_weights="mfm/vit_base",
    published_briefly="latent diffusion: AUC 91.0 on 13 sets",
    published=(
        "Trained on latent diffusion fakes and on photographs of COCO and LSUN, mean AUC of 91.0 "
        "over 13 generators, 5.5 above the second best (the paper's abstract).",
        "Each AUC is a mean over five sources of reals (ImageNet, COCO, OpenImages, FODB, RAISE); "
        "a user who took one found 0.38 to 0.68 (issue 8 of the repository).",
    ),
)


def build(options: SPAIOptions) -> nn.Module:
    """The network; see `detectors.networks.spai.network.SPAI`."""
    from detectors.networks.spai.network import SPAI

    return SPAI(
        sizes(options.size, options.patch_px),
        stride_px=options.stride_px,
        fewest_squares=options.fewest_patches,
        drop_path=options.drop_path,
        frozen_vit=options.frozen_vit,
        similarities=options.similarities,
        attention=options.attention,
    )


def sizes(size: Literal["full", "tiny"], patch_px: int | None = None) -> SPAISizes:
    """Widths and numbers of layers of a size."""
    from detectors.networks.spai.network import SPAISizes

    side_px = patch_px or SIDE_PX[size]
    if size == "full":
        return SPAISizes(side_px=side_px)
    return SPAISizes(
        side_px=side_px,
        token_px=TOKEN_PX[size],
        width=48,
        depth=3,
        heads=4,
        features=32,
        attention_heads=4,
        attention_head_width=16,
    )


def official_weights(options: SPAIOptions) -> KeyMap:
    """Keys of the official checkpoints; see `detectors.networks.spai.official_keys`."""
    from detectors.networks.spai.official_keys import official_keys

    return official_keys()
