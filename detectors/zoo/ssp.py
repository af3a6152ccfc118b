"""SSP, Single Simple Patch (Chen et al., arXiv 2402.01123): the noise of an image's plainest patch.

Re-implemented from the paper and from measured facts; patches, filter responses and logits of the
official code are a test (`detectors/parity/ssp.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from detectors.key_maps import KeyMap
    from detectors.networks.ssp import SSP

SQUASHED_PX = 256
SEED_PATCHES = 30


class SSPOptions(Options):
    """Which patch is taken, and how its noise is filtered."""

    variant: Literal["official", "seed"] = "official"
    """official: as many random patches as fit side by side into 256 x 256 px (64 of 32 px), drawn
    from the image at its own size; an image smaller than a patch is squashed to 256 x 256 first;
    complexity over rows, columns and both diagonals; the filter's response ends at -3 and 3.
    seed, as the seed study describes SSP: 30 patches; every image with a side below 256 px is
    squashed to 256 x 256; no diagonals; no limit. It enlarges bilinearly in words and by nearest
    pixels in one listing: here bilinearly."""

    size: Literal["full", "tiny"] = "full"
    """full: ResNet-50 on 256 x 256 px, 23,510,306 weights, 225 of them frozen. tiny: one block in
    each of three stages, a quarter of the width, on 64 x 64 px, 127,474 weights: for tests."""

    patch_size: int = Field(default=32, ge=8, le=SQUASHED_PX)
    """Side of the patch in pixels."""

    patches: int | None = Field(default=None, ge=1, le=4096)
    """How many are drawn; None: see variant."""

    select: Literal["simplest", "random", "richest"] = "simplest"
    """Of the drawn ones; random: one is drawn."""

    srm: Literal["frozen", "trained", "off"] = "frozen"
    """The three SRM kernels; trained: learned further with the rest."""

    srm_at: Literal["after", "before"] = "after"
    """Before or after enlarging. Enlarged eight times, a patch is straight but at every eighth
    pixel, so that after it (official) the response is small; before it is SRM on the image's own
    pixels, our ablation."""

    upscale: int | None = Field(default=None, ge=32, le=1024)
    """Side of the enlarged patch in pixels; None: 256, of tiny 64."""

    @model_validator(mode="after")
    def _only_what_acts(self) -> SSPOptions:
        if self.srm == "off" and self.srm_at != "after":
            raise ValueError("srm_at would change nothing with srm: off; leave it out")
        if self.select == "random" and self.patches is not None:
            raise ValueError("patches would change nothing with select: random; leave it out")
        if self.upscale_px < self.patch_size:
            raise ValueError(
                f"upscale {self.upscale_px} px is smaller than patch_size {self.patch_size}; "
                "give a larger upscale or a smaller patch"
            )
        return self

    @property
    def upscale_px(self) -> int:
        """Side of the enlarged patch."""
        return self.upscale or (64 if self.size == "tiny" else 256)

    @property
    def drawn_patches(self) -> int:
        """How many patches are drawn of an image."""
        if self.select == "random":
            return 1
        if self.patches is not None:
            return self.patches
        return SEED_PATCHES if self.variant == "seed" else (SQUASHED_PX // self.patch_size) ** 2

    def fixed_input_px(self) -> int:
        """The side of the patch."""
        return self.patch_size

    def last_geometry(self) -> str:
        """The choice of the patch."""
        is_seed = self.variant == "seed"
        below_px = SQUASHED_PX if is_seed else self.patch_size
        directions = "no_diagonals" if is_seed and self.select != "random" else "all"
        return (
            f"squash({SQUASHED_PX}, below={below_px}) | patch({self.patch_size}, "
            f'of={self.drawn_patches}, choose="{self.select}", directions="{directions}")'
        )

    def cpu_seconds_per_megapixel(self) -> float:
        """Measured at 32 px enlarged to 256, of `tiny` to 64; the enlarged patch is what counts."""
        rate = 0.8 if self.size == "tiny" else 12.8
        return rate * (self.upscale_px / self.patch_size) ** 2


# For the preset native, the only one. Of 2024 with torch 1.12, whose default rounds convolutions to
# TF32 on the GPUs that have it; that theirs had is assumed.
_PAPER: dict[str, Any] = {
    "optimizer": "adam",
    "lr": 1e-4,
    "batch_size": 64,
    "epochs": 30,
    "schedule": "poly",
    "poly_power": 0.9,
    "selection": "validation_accuracy",
    "precision": "tf32",
}

CARD = Card(
    name="ssp",
    version=1,
    title="SSP: SRM noise of the simplest of many patches, ResNet-50",
    options=SSPOptions,
    presets={
        # Patches are drawn from the image at its own size, in training and in testing.
        "native": Pipelines(train="none", test="none"),
    },
    default_preset="native",
    recipes={
        # What one takes the paper for, without the code's two faults. Which epoch is tested is not
        # in it: here by the validation images of training.
        "paper": _PAPER,
        # The code counts epochs from 1, so that the last one has a rate of 0, and keeps the epoch
        # that is best on the validation folders of all generators, on which it is tested.
        "official": {**_PAPER, "poly_ends": "at_zero", "validate_on": "test_sets"},
        # For variant seed. Falls in a line, by epochs counted from 1; the flip is in the study
        # alone. It names no GPU: float32, our reading.
        "seed": {
            "optimizer": "adam",
            "lr": 1e-4,
            "batch_size": 32,
            "epochs": 30,
            "schedule": "poly",
            "poly_power": 1.0,
            "poly_ends": "at_zero",
            "selection": "validation_accuracy",
            "augment": "hflip",
        },
    },
    paper=Paper(
        title="A Single Simple Patch is All You Need for AI-generated Image Detection",
        authors="Chen, Jiaxuan and Yao, Jieteng and Niu, Li",
        venue="arXiv preprint",
        year=2024,
        arxiv="2402.01123",
    ),
    code=OfficialCode(
        repository="bcmi/SSP-AI-Generated-Image-Detection",
        commit="38e9ab3",
        licence="MIT",
        positive="real",
    ),
    initial_weights="timm/resnet50.tv_in1k",
    published_briefly="GenImage SD 1.4: 93.5 % on its 8 (oracle)",
    published=(
        "Trained on GenImage SD 1.4, tested on its eight generators: 93.5 % mean accuracy "
        "(Midjourney 83.1, SD 1.4 99.4, SD 1.5 99.3, ADM 87.4, GLIDE 98.5, Wukong 99.0, VQDM 98.0, "
        "BigGAN 81.3), figure in the official repository, whose code selects the epoch on the "
        "validation folders of all generators.",
        "Trained on GenImage BigGAN: 76.6 % on BigGAN itself, 99.1 on SD 1.4, same figure.",
        "Trained on BigGAN and SD 1.5 (the seed study): 98.92 % on BigGAN, 98.42 on SD 1.5, 97.15 "
        "on ADM.",
    ),
)


def build(options: SSPOptions) -> SSP:
    """The network; see `detectors.networks.ssp.SSP`."""
    from detectors.networks.resnet import RESNET50_BLOCKS, RESNET50_WIDTH, ResNet
    from detectors.networks.srm import SRMFilter
    from detectors.networks.ssp import SSP

    is_tiny = options.size == "tiny"
    backbone = ResNet((1, 1, 1), 16) if is_tiny else ResNet(RESNET50_BLOCKS, RESNET50_WIDTH)
    srm = None
    if options.srm != "off":
        srm = SRMFilter(
            is_trained=options.srm == "trained", is_cut_off=options.variant == "official"
        )
    return SSP(backbone, options.patch_size, options.upscale_px, srm, options.srm_at)


def official_weights(options: SSPOptions) -> KeyMap:
    """Keys of the official checkpoints, whose logit means real: the last layer changes its sign."""
    from detectors.key_maps import PrefixMap

    return PrefixMap(
        (("srm.", "srm."), ("disc.fc.", "classifier."), ("disc.", "backbone.")),
        unused=("srm.",) if options.srm == "off" else (),
        negated=("classifier.weight", "classifier.bias"),
    )
