"""DeiT-S (Touvron et al., ICML 2021, arXiv 2012.12877) as GenImage trains it: from scratch.

The network is timm's `deit_small_patch16_224`. GenImage publishes no command line for it; the
recipe is DeiT's own, which is an assumption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from detectors import genimage_baselines as genimage
from detectors.contract import Card, Options, Pipelines

if TYPE_CHECKING:
    from torch import nn

    from detectors.key_maps import KeyMap


class DeiTSOptions(Options):
    """How large the network is, and how many of its paths are dropped in training."""

    size: Literal["full", "tiny"] = "full"
    """full: DeiT-S, 21,666,049 weights (21,666,434 with two outputs), 224 px. tiny: two blocks on
    patches of 8 px, 66,817 weights, any size: for tests and small images, with no claim to be
    DeiT-S."""

    drop_path: float = Field(default=0.1, ge=0, lt=1)
    """Share of dropped residual paths at the last block (stochastic depth); rises from 0."""

    def fixed_input_px(self) -> int | None:
        """Its table of positions is for 14 x 14 patches of 16 px; `tiny` interpolates its own."""
        return 224 if self.size == "full" else None

    def micro_batch_acts(self) -> bool:
        """Layer normalisation alone; dropped paths are drawn for each forward pass."""
        return self.drop_path > 0

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 32 px, `full` at 224 px."""
        return 0.6 if self.size == "tiny" else 7.0


CARD = Card(
    name="deit_s",
    version=1,
    title="DeiT-S from scratch, the vision transformer among GenImage's baselines",
    options=DeiTSOptions,
    presets={
        # DeiT's configuration. Its training resamples each image otherwise, which erases the
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
        # For the preset genimage. DeiT's own: 5e-4 for 512 images, here its 1,024, without a
        # teacher. Not as there: no repeated augmentation (each image three times in a batch),
        # RandAugment acts before the crop, the table of positions and the class token are decayed,
        # float16 is bfloat16.
        "paper": {
            "optimizer": "adamw",
            "lr": 1e-3,
            "weight_decay": 0.05,
            "decay_on": "matrices",
            "schedule": "cosine",
            "warmup_fraction": 5 / 300,
            "final_lr_fraction": 0.01,
            "epochs": 300,
            "batch_size": 1024,
            "micro_batch": 128,
            "label_smoothing": 0.1,
            "selection": "last",
            "precision": "bfloat16",
            "augment": genimage.TRANSFORMER_AUGMENT,
        },
    },
    paper=genimage.PAPER,
    code=genimage.official_code("Apache-2.0"),
    published_briefly="GenImage SD 1.4: 71.6 % on its 8",
    published=genimage.published(
        "55.6, 99.9, 99.8, 49.8, 58.1, 98.9, 56.9, 53.5 and 71.6",
        "60.7, 74.2, 74.2, 59.5, 71.1, 73.1, 61.7, 66.3 and 67.6",
    ),
)


def build(options: DeiTSOptions) -> nn.Module:
    """The network; see `detectors.networks.timm_trunks`."""
    from detectors.networks.timm_trunks import deit_trunk, transformer_detector

    is_tiny = options.size == "tiny"
    return transformer_detector(deit_trunk(is_tiny=is_tiny, drop_path=options.drop_path))


def official_weights(options: DeiTSOptions) -> KeyMap:
    """Keys of DeiT's own code, which are timm's."""
    from detectors.key_maps import PrefixMap
    from detectors.two_outputs import TwoOutputsMap

    names = PrefixMap((("head.", "classifier."), ("", "backbone.model.")))
    return TwoOutputsMap(names, fake=0)
