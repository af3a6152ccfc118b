"""Xception (Chollet 2017, arXiv 1610.02357), its classifier left out, equal to timm's.

timm calls it `legacy_xception`; structure, names of the weights and what it computes are the same,
which is a test. Not timm itself: there is no small one, and importing it costs 3 CPU seconds in
every process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.bottleneck import init_kaiming
from detectors.networks.library_weights import load_library_weights

XCEPTION_CHANNELS = (32, 64, 128, 256, 728, 1024, 1536, 2048)
"""Of the two first convolutions, the three entry blocks (the middle ones have the third's), the
last block and the two last convolutions."""
XCEPTION_MIDDLE_BLOCKS = 8
ENTRY_BLOCKS = 3


class Xception(nn.Module):
    """Two convolutions, blocks of depthwise separable ones, two of these: images -> features.

    Args:
        in_channels: of the images; ImageNet's weights, made for 3, are repeated over more.
        stride: of the first convolution.
        channels: see `XCEPTION_CHANNELS`.
        middle_blocks: of the blocks that keep size and channels.
    """

    def __init__(
        self,
        in_channels: int = 3,
        stride: int = 2,
        channels: Sequence[int] = XCEPTION_CHANNELS,
        middle_blocks: int = XCEPTION_MIDDLE_BLOCKS,
    ) -> None:
        super().__init__()
        stem, second, *entry, last, wide, self.num_features = channels
        middle = entry[-1]
        self.middle_channels, self.last_channels = middle, last
        self.conv1 = nn.Conv2d(in_channels, stem, 3, stride=stride, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.conv2 = nn.Conv2d(stem, second, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(second)
        blocks = [
            XceptionBlock((before, after, after), stride=2, first_relu=index > 0)
            for index, (before, after) in enumerate(zip([second, *entry[:-1]], entry, strict=True))
        ]
        blocks += [XceptionBlock((middle,) * 4, stride=1) for _ in range(middle_blocks)]
        blocks.append(XceptionBlock((middle, middle, last), stride=2))
        for number, block in enumerate(blocks, start=1):
            self.add_module(f"block{number}", block)
        self.num_blocks = len(blocks)
        self.conv3 = SeparableConvolution(last, wide)
        self.bn3 = nn.BatchNorm2d(wide)
        self.conv4 = SeparableConvolution(wide, self.num_features)
        self.bn4 = nn.BatchNorm2d(self.num_features)
        init_kaiming(self)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> features_BF."""
        return self.features(self.blocks(self.stem(images_BCHW), 1, self.num_blocks))

    def stem(self, images_BCHW: Tensor) -> Tensor:
        """The two first convolutions; no padding, so 4 or 6 pixels are lost."""
        x = functional.relu(self.bn1(self.conv1(images_BCHW)), inplace=True)
        return functional.relu(self.bn2(self.conv2(x)), inplace=True)

    def blocks(self, x_BCHW: Tensor, first: int, last: int) -> Tensor:
        """The blocks of these numbers, counted from 1."""
        for number in range(first, last + 1):
            x_BCHW = self.get_submodule(f"block{number}")(x_BCHW)
        return x_BCHW

    def features(self, x_BCHW: Tensor) -> Tensor:
        """What comes after the blocks, averaged over positions: -> (B, num_features)."""
        x = functional.relu(self.bn3(self.conv3(x_BCHW)), inplace=True)
        x = functional.relu(self.bn4(self.conv4(x)), inplace=True)
        return x.mean(dim=(2, 3))

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights of timm's `legacy_xception`, strictly.

        The first convolution's are repeated over `in_channels`, a multiple of 3, and divided by
        the number of repetitions, so that its answers keep their size (as F3-Net has it).

        Raises:
            WeightsMismatch: something but their classifier is missing or unknown.
        """
        load_library_weights(self, state, classifiers=("fc",), first_convolutions=("conv1",))


class XceptionBlock(nn.Module):
    """Separable convolutions, each after a ReLU and before a batch norm, plus the input.

    Args:
        channels: of the input and after each convolution.
        stride: 2 ends with a max-pooling.
        first_relu: false where the input already went through one.
    """

    def __init__(self, channels: Sequence[int], stride: int, first_relu: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            # The first one leaves its input alone, which the shortcut needs.
            layers.append(nn.ReLU(inplace=bool(layers)))
            layers += [SeparableConvolution(before, after), nn.BatchNorm2d(after)]
        if stride != 1:
            layers.append(nn.MaxPool2d(3, stride, padding=1))
        self.rep = nn.Sequential(*layers[0 if first_relu else 1 :])
        self.skip: nn.Conv2d | None = None
        if stride != 1 or channels[0] != channels[-1]:
            self.skip = nn.Conv2d(channels[0], channels[-1], 1, stride=stride, bias=False)
            self.skipbn = nn.BatchNorm2d(channels[-1])

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """(B, first channels, H, W) -> (B, last channels, H / stride, W / stride), rounded up."""
        shortcut = x_BCHW if self.skip is None else self.skipbn(self.skip(x_BCHW))
        y: Tensor = self.rep(x_BCHW)
        return y + shortcut


class SeparableConvolution(nn.Module):
    """3 x 3 within each channel, then 1 x 1 across them."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        y: Tensor = self.pointwise(self.conv1(x_BCHW))
        return y
