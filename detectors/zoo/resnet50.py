"""ResNet-50 trained from scratch: the plain baseline of GenImage (Zhu et al., arXiv 2306.08571).

The network is timm's `resnet50` with one output instead of two (He et al. 2016, arXiv 1512.03385).
GenImage's own training is the recipe `paper_without_jsd` on the preset `paper`, but for what the
name says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from detectors import genimage_baselines as genimage
from detectors.contract import Card, Options, Pipelines

if TYPE_CHECKING:
    from torch import nn

    from detectors.key_maps import KeyMap


class ResNet50Options(Options):
    """How large the network is."""

    size: Literal["full", "tiny"] = "full"
    """full: ResNet-50, 23,510,081 weights. tiny: one block in each of three stages, a quarter of
    the width, 127,249 weights: for tests and small images, with no claim to be ResNet-50."""

    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Before the last layer. GenImage has none; the recipe seed wants 0.5."""

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 32 px, `full` at 224 px."""
        return 1.1 if self.size == "tiny" else 11.4


CARD = Card(
    name="resnet50",
    version=1,
    title="ResNet-50 from scratch, the plain baseline",
    options=ResNet50Options,
    presets={
        # Testing as GenImage's code does: shorter side to 224 / 0.95, bicubic. Its training draws
        # RandomResizedCrop and RandAugment, which erase the traces of generators on purpose; here
        # both see pixels of one scale.
        "genimage": Pipelines(
            train='resize(235, filter="bicubic") | random_crop(224) | hflip',
            test='resize(235, filter="bicubic") | center_crop(224)',
        ),
        # Both as in GenImage's code.
        "paper": Pipelines(
            train='random_resized_crop(224, filter="bilinear_or_bicubic") | hflip',
            test='resize(235, filter="bicubic") | center_crop(224)',
        ),
        # Pixels as they are; whole images are tested, because the network takes any size.
        "native": Pipelines(train="random_crop(224, step=2) | hflip", test="none"),
    },
    default_preset="genimage",
    recipes={
        # GenImage's command line for timm 0.6.12, two GPUs of 64 images, for the preset paper (not
        # the default). Left out, and so not called paper: the Jensen-Shannon loss over three
        # augmented copies of each image (`aug-splits`, `jsd-loss`), which makes a training three
        # times as long. Not as there: RandAugment acts before the crop, and its float16 is
        # bfloat16 here. Colour jitter is on its list, and timm leaves it out where RandAugment is
        # on.
        "paper_without_jsd": {
            "optimizer": "sgd",
            "lr": 0.05,
            "momentum": 0.9,
            "nesterov": True,  # timm's "sgd" is so
            "weight_decay": 2e-5,
            "decay_on": "matrices",
            "schedule": "cosine",
            "warmup_fraction": 3 / 200,
            "epochs": 200,
            "batch_size": 128,
            "label_smoothing": 0.1,
            "selection": "validation_accuracy",
            "precision": "bfloat16",
            "augment": "rand_augment_timm | "
            'random_erasing(p=0.6, ratio=(0.3,3.3333), fill="normal")',
        },
        # A study of three detectors, from ImageNet's weights, on `input: simple_cnn/seed` with
        # dropout: 0.5. It names no GPU and selects no epoch: float32 and the last, our reading.
        "seed": {
            "optimizer": "adam",
            "lr": 1e-4,
            "weight_decay": 1e-4,
            "batch_size": 32,
            "epochs": 10,
            "schedule": "constant",
            "selection": "last",
        },
    },
    paper=genimage.PAPER,
    code=genimage.official_code("Apache-2.0"),
    published_briefly="GenImage SD 1.4: 72.1 % on its 8",
    published=genimage.published(
        "54.9, 99.9, 99.7, 53.5, 61.9, 98.2, 56.6, 52.0 and 72.1",
        "59.0, 72.3, 72.4, 59.7, 73.1, 71.4, 60.9, 66.6 and 66.9",
    ),
)


def build(options: ResNet50Options) -> nn.Module:
    """The network; see `detectors.networks.resnet.ResNetDetector`."""
    from detectors.networks.resnet import ResNetDetector

    if options.size == "tiny":
        return ResNetDetector(blocks=(1, 1, 1), width=16, dropout=options.dropout)
    return ResNetDetector(dropout=options.dropout)


def official_weights(options: ResNet50Options) -> KeyMap:
    """Keys of timm, with two outputs of which 0 is fake."""
    from detectors.key_maps import PrefixMap
    from detectors.two_outputs import TwoOutputsMap

    return TwoOutputsMap(PrefixMap((("fc.", "classifier."), ("", "backbone."))), fake=0)
