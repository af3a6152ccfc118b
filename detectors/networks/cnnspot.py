"""CNNSpot (Wang et al., CVPR 2020, arXiv 1912.11035): a ResNet-50 on pixels. B batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from detectors.networks.resnet import RESNET50_BLOCKS, RESNET50_WIDTH, ResNetDetector
from detectors.networks.resnet_weights import load_resnet_backbone

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

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The pixels themselves, RGB in [0, 1]."""
        return {"pixels": images_BCHW.float()}

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Begin with a library's ResNet-50; `part` says nothing, there is one.

        Raises:
            WeightsMismatch: see `load_resnet_backbone`.
        """
        load_resnet_backbone(self.backbone, state)
