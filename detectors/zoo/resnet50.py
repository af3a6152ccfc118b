"""ResNet-50 trained from scratch: the plain baseline of GenImage (Zhu et al., arXiv 2306.08571).

The network is timm's `resnet50` with one output instead of two (He et al. 2016, arXiv 1512.03385);
GenImage's own training belongs to its published recipe and is not stated here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from detectors.contract import Card, Options, Pipelines

if TYPE_CHECKING:
    from torch import nn


class ResNet50Options(Options):
    """How large the network is."""

    size: Literal["full", "tiny"] = "full"
    """full: ResNet-50, 23,510,081 weights. tiny: one block in each of three stages, a quarter of
    the width, 127,249 weights: for tests and small images, with no claim to be ResNet-50."""

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
        # Pixels as they are; whole images are tested, because the network takes any size.
        "native": Pipelines(train="random_crop(224, step=2) | hflip", test="none"),
    },
    default_preset="genimage",
)


def build(options: ResNet50Options) -> nn.Module:
    """The network; see `detectors.networks.resnet.ResNetDetector`."""
    from detectors.networks.resnet import ResNetDetector

    if options.size == "tiny":
        return ResNetDetector(blocks=(1, 1, 1), width=16)
    return ResNetDetector()
