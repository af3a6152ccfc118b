"""ResNet with bottleneck blocks (He et al. 2016, arXiv 1512.03385), equal to timm's `resnet50`.

Equal in structure, in the names of its weights, in how they are drawn and in what it computes,
which is a test. Not timm itself: importing one of its networks imports all of them and
torchvision, 4 CPU seconds on top of torch's own in every process that trains or scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.bottleneck import Bottleneck, init_kaiming
from detectors.networks.library_weights import load_library_weights
from detectors.networks.trunk_detector import TrunkDetector

RESNET50_BLOCKS = (3, 4, 6, 3)
RESNET50_WIDTH = 64


class ResNetDetector(TrunkDetector):
    """ImageNet's normalisation, a ResNet, one logit; any size.

    Args:
        blocks: of each stage; stages after the first halve the resolution.
        width: channels of the stem; the 3 x 3 convolutions of stage i have width * 2^i.
        dropout: before the last layer.
    """

    def __init__(
        self,
        blocks: Sequence[int] = RESNET50_BLOCKS,
        width: int = RESNET50_WIDTH,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(ResNet(blocks, width), dropout=dropout)


class ResNet(nn.Module):
    """Stem, stages of bottleneck blocks, mean over positions: images -> features_BF."""

    def __init__(self, blocks: Sequence[int], width: int, in_channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for index, count in enumerate(blocks):
            inner, stride = width * 2**index, 1 if index == 0 else 2
            stage = Bottleneck.stage(channels, inner, count, stride)
            self.add_module(f"layer{index + 1}", stage)
            channels = inner * Bottleneck.expansion
        self.num_stages = len(blocks)
        self.num_features = channels
        init_kaiming(self)
        for module in self.modules():
            if isinstance(module, Bottleneck):
                # Each block begins as its shortcut (Goyal et al. 2017, section 5.1), as in timm.
                nn.init.zeros_(module.bn3.weight)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, num_features)."""
        x = functional.relu(self.bn1(self.conv1(images_BCHW)), inplace=True)
        x = functional.max_pool2d(x, 3, stride=2, padding=1)
        for index in range(self.num_stages):
            x = self.get_submodule(f"layer{index + 1}")(x)
        return x.mean(dim=(2, 3))

    def load_library(self, state: Mapping[str, Tensor]) -> None:
        """Take torchvision's or timm's weights of a ResNet with bottleneck blocks.

        Raises:
            WeightsMismatch: keys are missing, unknown or of another shape.
        """
        load_library_weights(self, state, classifiers=["fc"], first_convolutions=["conv1"])
