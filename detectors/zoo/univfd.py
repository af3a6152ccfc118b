"""UnivFD (Ojha et al., CVPR 2023, arXiv 2302.10174): one linear layer over frozen CLIP features.

Re-implemented from the paper and from measured facts; the released head's logits are a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from detectors.backbone_names import TINY, parse_backbone_name
from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from detectors.key_maps import KeyMap
    from detectors.networks.linear_probe import LinearProbe

OPENAI_CLIP = "open_clip/ViT-L-14/openai"

# CPU seconds for a megapixel through the backbone, measured at 224 px on one thread.
_MEASURED = {OPENAI_CLIP: 34.0, "open_clip/ViT-B-32/openai": 3.4, TINY: 0.3}


class UnivFDOptions(Options):
    """Which backbone gives the features."""

    size: Literal["full", "tiny"] = "full"
    """full: the backbone below. tiny: three convolutions of random weights, any size, 33 trained
    weights: for tests and small images."""

    backbone: str = OPENAI_CLIP
    """`open_clip/MODEL/TAG`, `timm/MODEL` or `tiny`. The released head fits OpenAI's ViT-L/14
    alone: neither other CLIPs nor L2-normalised features."""

    input_px: int | None = Field(default=224, ge=1)
    """Side of the only square input that the backbone takes; null where it takes any size."""

    @field_validator("backbone")
    @classmethod
    def _is_a_name(cls, text: str) -> str:
        parse_backbone_name(text)
        return text

    def frozen_backbone(self) -> str:
        """The backbone in use."""
        return TINY if self.size == "tiny" else self.backbone

    def weight_parts(self) -> tuple[str, ...]:
        """The backbone's file, and a head alone, as the released one is."""
        return ("backbone", "head")

    def fixed_input_px(self) -> int | None:
        """None for the tiny backbone."""
        return None if self.frozen_backbone() == TINY else self.input_px

    def micro_batch_acts(self) -> bool:
        """Images do not touch each other: all of the backbone stays in eval mode."""
        return False

    def cpu_seconds_per_megapixel(self) -> float | None:
        """Forward through the backbone; the head costs nothing, and kept features no more."""
        return _MEASURED.get(self.frozen_backbone())


_TRAIN = "resize(256) | random_crop(224) | hflip"

# For the preset official. CNNSpot's early stop, whose bound of epochs is here the official 100. The
# official code validates on images resized to 256 px with blur and JPEG of middle strength; here
# it is done as in testing. Torch's default rounds convolutions alone to TF32, of which the backbone
# has one: float32, our reading.
_PAPER: dict[str, Any] = {
    "optimizer": "adamw",
    "lr": 1e-4,
    "batch_size": 256,
    "epochs": 100,
    "schedule": "plateau",
    "plateau_patience": 5,
    "plateau_gamma": 0.1,
    "plateau_min_lr": 1e-6,
    "plateau_delta": 0.001,
    "plateau_delta_after": 0.002,
    "selection": "validation_accuracy",
    "augment": "blur_jpeg(p=0.5)",
}

CARD = Card(
    name="univfd",
    version=1,
    title="UnivFD: a linear layer over frozen CLIP ViT-L/14 features",
    options=UnivFDOptions,
    presets={
        # As the official code: the centre of the image as it is, black around smaller ones.
        "official": Pipelines(train=_TRAIN, test="zero_pad(224) | center_crop(224)"),
        # Images below 224 px tiled: black borders tell small generators from large ones.
        "tiled": Pipelines(train=_TRAIN, test="tile(224) | center_crop(224)"),
        # Our own: tested at the scale of training, so that the crop holds most of the image.
        "resized": Pipelines(train=_TRAIN, test="resize(256) | center_crop(224)"),
    },
    default_preset="official",
    # What is known of the published training is what the code does.
    recipes={"paper": _PAPER, "official": _PAPER},
    paper=Paper(
        title="Towards Universal Fake Image Detectors that Generalize Across Generative Models",
        authors="Ojha, Utkarsh and Li, Yuheng and Lee, Yong Jae",
        venue="CVPR 2023",
        year=2023,
        arxiv="2302.10174",
    ),
    code=OfficialCode(
        repository="WisconsinAIVision/UniversalFakeDetect", commit="76a0e3e", licence="MIT"
    ),
    initial_weights=OPENAI_CLIP,
    published_briefly="ProGAN: 78.4 % on AIGCDetectBenchmark",
    published=(
        "Trained on ProGAN (20 classes), tested on AIGCDetectBenchmark: accuracy ProGAN 99.8, "
        "StyleGAN 84.9, BigGAN 95.1, CycleGAN 98.3, StarGAN 95.8, GauGAN 99.5, StyleGAN2 75.0, "
        "WFIR 86.9, ADM 66.9, GLIDE 62.5, Midjourney 56.1, SD 1.4 63.7, SD 1.5 63.5, VQDM 85.3, "
        "Wukong 70.9, DALL-E 2 50.8, mean 78.4 %, as that benchmark reports.",
        "Trained on ProGAN (4 classes), mean accuracy / AP in the NPR paper: ForenSynths "
        "89.1/98.3, GANGen-Detection 77.6/98.8, DiffusionForensics 74.4/91.7, UnivFD's own sets "
        "86.9/94.5, Diffusion1kStep 66.4/73.9.",
    ),
)


def build(options: UnivFDOptions) -> LinearProbe:
    """The network; see `detectors.networks.linear_probe.LinearProbe`.

    Raises:
        ValueError: `input_px` is not what the backbone takes.
    """
    from detectors.networks.backbones import frozen_backbone
    from detectors.networks.linear_probe import LinearProbe

    name = options.frozen_backbone()
    backbone = frozen_backbone(name)
    if backbone.input_px not in (None, options.input_px):
        if options.input_px is None or parse_backbone_name(name).library != "timm":
            raise ValueError(
                f"univfd.input_px = {options.input_px}: {name} takes images of "
                f"{backbone.input_px} px; say so there, and crop to it in the input."
            )
        backbone = frozen_backbone(name, input_px=options.input_px)
    return LinearProbe(backbone)


def official_weights(options: UnivFDOptions) -> KeyMap:
    """Keys of a whole official checkpoint; CLIP's text tower in it is not used."""
    from detectors.key_maps import PrefixMap

    of_text = ("transformer.", "token_embedding.", "positional_embedding", "ln_final.")
    unused = tuple(f"model.{key}" for key in (*of_text, "text_projection", "logit_scale"))
    return PrefixMap(
        (("fc.", "head."), ("model.visual.", "backbone.network.")), unused=(*unused, "model.input_")
    )
