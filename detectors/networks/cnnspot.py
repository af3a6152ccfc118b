"""CNNSpot (Wang et al., CVPR 2020, arXiv 1912.11035): a ResNet-50 on pixels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from detectors.networks.resnet import RESNET50_BLOCKS, RESNET50_WIDTH, ResNetDetector

CLASSIFIER_STD = 0.02


class CNNSpot(ResNetDetector):
    """A ResNet whose last layer begins small; any size.

    Args:
        blocks: of each stage, as for `ResNetDetector`.
        width: channels of the stem.
    """

    def __init__(
        self, blocks: Sequence[int] = RESNET50_BLOCKS, width: int = RESNET50_WIDTH
    ) -> None:
        super().__init__(blocks, width)
        nn.init.normal_(self.classifier.weight, 0.0, CLASSIFIER_STD)
