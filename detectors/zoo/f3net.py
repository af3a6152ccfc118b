"""F3-Net (Qian et al., ECCV 2020, arXiv 2007.09355): frequencies seen as images and as statistics.

The authors published no code. The one that benchmarks use (yyk-wew/F3Net) is re-implemented here
from the paper and from measured facts; its logits are a test. Where it differs from the paper,
options say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from torch import nn

    from detectors.networks.f3net.official_keys import F3NetKeys

FULL_PX, TINY_PX = 299, 64


class F3NetOptions(Options):
    """Which branches, how they are joined, and where code and paper part."""

    branches: Literal["both", "fad", "lfs"] = "both"
    """fad: band images alone; lfs: local statistics alone."""

    mix: bool = False
    """Cross-attention between the branches (MixBlock), twice, without any effect before training.
    The paper has it, the code could not use it."""

    order: Literal["log_first", "filter_first"] = "log_first"
    """Of the local statistics. log_first: as the code. filter_first: as the paper (eq. 4)."""

    input_px: int | None = Field(default=None, ge=32, le=1024)
    """Side of the image, which the learned filters have too. None: 299, `tiny` 64; the official
    weights fit 299 alone. At other sizes the bands keep their proportions, which is our reading."""

    size: Literal["full", "tiny"] = "full"
    """full: two Xceptions, 41,979,661 weights that are trained. tiny: two small ones, for tests
    and small images."""

    @model_validator(mode="after")
    def _can_mix(self) -> F3NetOptions:
        if self.mix and self.branches != "both":
            raise ValueError("needs two branches to mix; leave it out, or use branches: both")
        fad, lfs = mixed_sides(self.side())
        if self.mix and fad != lfs:
            raise ValueError(
                f"the branches' maps are {fad} and {lfs} px wide at an input of {self.side()} px "
                f"and cannot be mixed; use another input_px, such as {self.side() + 4}"
            )
        return self

    def side(self) -> int:
        """Of the input, in pixels."""
        return self.input_px or (FULL_PX if self.size == "full" else TINY_PX)

    def fixed_input_px(self) -> int:
        """The filters are of one size."""
        return self.side()

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 64 px, `full` at 299 px."""
        return 3.4 if self.size == "tiny" else 25.0


def mixed_sides(input_px: int) -> tuple[int, int]:
    """Sides of both branches' maps where they are mixed first, in pixels.

    The first convolution halves the band images, or keeps the statistics, which have half the
    side; the second loses two pixels; three blocks halve each, rounded up.
    """
    fad, lfs = (input_px - 3) // 2 + 1 - 2, (input_px - 2) // 2 + 1 - 4
    return -(-fad // 8), -(-lfs // 8)


CARD = Card(
    name="f3net",
    version=1,
    title="F3-Net: band images and local frequency statistics, an Xception for each",
    options=F3NetOptions,
    presets={
        "official": Pipelines(
            train='resize(299,299, filter="bicubic") | hflip',
            test='resize(299,299, filter="bicubic")',
        ),
        # For `size: tiny`.
        "tiny": Pipelines(
            train='resize(64,64, filter="bicubic") | hflip', test='resize(64,64, filter="bicubic")'
        ),
    },
    default_preset="official",
    recipes={
        # Section 4.1 of the paper; its reals are repeated until there are as many as fakes. For the
        # preset official, as is the code's. Float32: of 2020, assumed to be before TF32.
        "paper": {
            "optimizer": "sgd",
            "lr": 2e-3,
            "momentum": 0.9,
            "schedule": "cosine",
            "batch_size": 128,
            "steps": 150_000,
            "class_balance": "balanced",
            "selection": "last",
        },
        # As the code trains, at one rate: half a batch of each class, the last epoch tested.
        "official": {
            "optimizer": "adam",
            "lr": 2e-4,
            "schedule": "constant",
            "batch_size": 12,
            "epochs": 5,
            "class_balance": "balanced",
            "selection": "last",
        },
    },
    paper=Paper(
        title="Thinking in Frequency: Face Forgery Detection by Mining Frequency-aware Clues",
        authors="Qian, Yuyang and Yin, Guojun and Sheng, Lu and Chen, Zixuan and Shao, Jing",
        venue="ECCV 2020",
        year=2020,
        arxiv="2007.09355",
    ),
    code=OfficialCode(repository="yyk-wew/F3Net", commit="01942ca", licence="none"),
    initial_weights="timm/legacy_xception.tf_in1k",
    published_briefly="GenImage SD 1.4: 68.7 % on its 8",
    published=(
        "Trained on GenImage's SD 1.4, accuracy on Midjourney 50.1 %, SD 1.4 99.9, SD 1.5 99.9, "
        "ADM 49.9, GLIDE 50.0, Wukong 99.9, VQDM 49.9, BigGAN 49.9, mean 68.7 (GenImage).",
        "The same, mean over GenImage's 8 training generators: Midjourney 55.1 %, SD 1.4 73.1, "
        "SD 1.5 73.1, ADM 66.5, GLIDE 57.8, Wukong 72.3, VQDM 62.1, BigGAN 56.5, mean 64.6 "
        "(GenImage).",
        "The same, trained on SD 1.4, degraded test images: 112 px 50.0 %, 64 px 50.0, JPEG 65 "
        "89.0, JPEG 30 74.4, blur 3 57.9, blur 5 51.7, mean 62.1 (GenImage).",
        "Trained on ProGAN's car, cat, chair and horse, ForenSynths: 80.4 % mean accuracy and "
        "86.2 AP (NPR's paper).",
    ),
)


def build(options: F3NetOptions) -> nn.Module:
    """The network; see `detectors.networks.f3net`."""
    from detectors.networks.f3net.f3net_network import F3Net

    log_first = options.order == "log_first"
    if options.size == "tiny":
        return F3Net(
            options.branches,
            options.mix,
            log_first,
            options.side(),
            # Not narrower, for the reason that `zoo/gramnet.py` gives.
            channels=(16, 16, 16, 16, 32, 32, 48, 64),
            middle_blocks=2,
        )
    return F3Net(options.branches, options.mix, log_first, options.side())


def official_weights(options: F3NetOptions) -> F3NetKeys:
    """Keys of the code's checkpoints; the fixed matrices in them must be ours."""
    from detectors.networks.f3net.official_keys import F3NetKeys

    return F3NetKeys(options.branches, options.side())
