"""Swin-T (Liu et al., ICCV 2021, arXiv 2103.14030) as GenImage trains it: from scratch.

The network is timm's `swin_tiny_patch4_window7_224`. GenImage publishes no command line for it; the
recipe is Swin's own, which is an assumption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from detectors import genimage_baselines as genimage
from detectors.contract import Card, Options, Pipelines

if TYPE_CHECKING:
    from torch import nn

    from detectors.key_maps import KeyMap


class SwinTOptions(Options):
    """How large the network is, and how many of its paths are dropped in training."""

    size: Literal["full", "tiny"] = "full"
    """full: Swin-T, 27,520,123 weights (27,520,892 with two outputs), 224 px. tiny: two stages of
    two blocks, 77,749 weights, any size: for tests and small images, with no claim to be Swin-T."""

    drop_path: float = Field(default=0.2, ge=0, lt=1)
    """Share of dropped residual paths at the last block (stochastic depth); rises from 0."""

    def fixed_input_px(self) -> int | None:
        """Windows of 7 tokens of 4 px, halved three times: 224; `tiny` pads what it is given."""
        return 224 if self.size == "full" else None

    def micro_batch_acts(self) -> bool:
        """Layer normalisation alone; dropped paths are drawn for each forward pass."""
        return self.drop_path > 0

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 32 px, `full` at 224 px."""
        return 1.6 if self.size == "tiny" else 10.9


CARD = Card(
    name="swin_t",
    version=1,
    title="Swin-T from scratch, GenImage's best plain baseline",
    options=SwinTOptions,
    presets={
        # Swin's configuration. Its training resamples each image otherwise, which erases the
        # traces of generators on purpose.
        "genimage": Pipelines(
            train='random_resized_crop(224, filter="bicubic") | hflip',
            test='resize(256, filter="bicubic") | center_crop(224)',
        ),
        # Pixels as they are.
        "native": Pipelines(
            train="random_crop(224, step=2) | hflip", test="center_crop(224, step=2)"
        ),
    },
    default_preset="genimage",
    recipes={
        # For the preset genimage. Swin's own: 5e-4 for 512 images, here its 1,024. Not as there:
        # RandAugment acts before the crop, tables of relative positions are decayed like other
        # matrices, and its float16 is bfloat16 here.
        "paper": {
            "optimizer": "adamw",
            "lr": 1e-3,
            "weight_decay": 0.05,
            "decay_on": "matrices",
            "schedule": "cosine",
            "warmup_fraction": 20 / 300,
            "final_lr_fraction": 0.01,
            "epochs": 300,
            "batch_size": 1024,
            "micro_batch": 128,
            "label_smoothing": 0.1,
            "gradient_clip": 5.0,
            "selection": "last",
            "precision": "bfloat16",
            "augment": genimage.TRANSFORMER_AUGMENT,
        },
    },
    paper=genimage.PAPER,
    code=genimage.official_code("MIT"),
    published_briefly="GenImage SD 1.4: 74.8 % on its 8",
    published=genimage.published(
        "62.1, 99.9, 99.8, 49.8, 67.6, 99.1, 62.3, 57.6 and 74.8",
        "61.7, 76.0, 76.1, 61.3, 76.9, 75.1, 65.8, 69.5 and 70.3",
    ),
)


def build(options: SwinTOptions) -> nn.Module:
    """The network; see `detectors.networks.timm_trunks`."""
    from detectors.networks.timm_trunks import swin_trunk, transformer_detector

    is_tiny = options.size == "tiny"
    return transformer_detector(swin_trunk(is_tiny=is_tiny, drop_path=options.drop_path))


def official_weights(options: SwinTOptions) -> KeyMap:
    """Keys of Swin's own code; it halves at the end of a stage, timm at the beginning."""
    from detectors.key_maps import PrefixMap
    from detectors.two_outputs import TwoOutputsMap

    inside = "backbone.model."
    moved = (
        (f"layers.{stage}.downsample.", f"{inside}layers.{stage + 1}.downsample.")
        for stage in range(3)
    )
    names = PrefixMap((("head.", "classifier."), *moved, ("", inside)))
    return TwoOutputsMap(names, fake=0, unused_endings=(".attn_mask", ".relative_position_index"))
