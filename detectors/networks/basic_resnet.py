"""ResNet of basic blocks (He et al. 2016, arXiv 1512.03385): torchvision's `resnet18`, `resnet34`.

Equal in structure, in the names of its weights and in what it computes, which is a test. Not
torchvision itself: importing it costs 2.7 CPU seconds in every process that trains or scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.bottleneck import init_kaiming
from detectors.networks.library_weights import load_library_weights

RESNET18_BLOCKS = (2, 2, 2, 2)
RESNET34_BLOCKS = (3, 4, 6, 3)
RESNET_WIDTH = 64


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions with batch norm, plus the input.

    Args:
        in_channels: channels of the input.
        channels: of both convolutions, and of the output.
        stride: of the first convolution.
    """

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels, H / stride, W / stride)."""
        y = functional.relu(self.bn1(self.conv1(x_BCHW)), inplace=True)
        y = self.bn2(self.conv2(y))
        shortcut = x_BCHW if self.downsample is None else self.downsample(x_BCHW)
        return functional.relu(y + shortcut, inplace=True)


class BasicResNet(nn.Module):
    """Stem, four stages of basic blocks, mean over positions: images -> features_BF.

    Args:
        blocks: of each stage; stages after the first halve the resolution.
        width: channels of the stem; stage i has width * 2^i.
    """

    def __init__(self, blocks: Sequence[int] = RESNET18_BLOCKS, width: int = RESNET_WIDTH) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.stage_channels = [width * 2**index for index in range(len(blocks))]
        channels = width
        for index, (count, out) in enumerate(zip(blocks, self.stage_channels, strict=True)):
            first = BasicBlock(channels, out, stride=1 if index == 0 else 2)
            rest = (BasicBlock(out, out, stride=1) for _ in range(count - 1))
            self.add_module(f"layer{index + 1}", nn.Sequential(first, *rest))
            channels = out
        self.num_features = channels
        init_kaiming(self)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, num_features)."""
        return self.maps(images_BCHW)[-1].mean(dim=(2, 3))

    def maps(self, images_BCHW: Tensor) -> list[Tensor]:
        """Feature maps: of the stem before and after its pooling, then of each stage."""
        stem = functional.relu(self.bn1(self.conv1(images_BCHW)))
        maps = [stem, functional.max_pool2d(stem, 3, stride=2, padding=1)]
        for index in range(len(self.stage_channels)):
            maps.append(self.get_submodule(f"layer{index + 1}")(maps[-1]))
        return maps

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights of torchvision's or timm's network of this structure, strictly.

        Raises:
            WeightsMismatch: something but their classifier is missing or unknown.
        """
        load_library_weights(self, state, classifiers=("fc",), first_convolutions=())
