"""The bottleneck block of ResNet (He et al. 2016, arXiv 1512.03385), stride on the 3 x 3."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Bottleneck(nn.Module):
    """1 x 1 to `width`, 3 x 3, 1 x 1 to 4 * width, plus the input; batch norm after each.

    Args:
        in_channels: channels of the input.
        width: channels of the 3 x 3 convolution.
        stride: of the 3 x 3 convolution.
    """

    expansion = 4

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, 4 * width, H / stride, W / stride)."""
        y = functional.relu(self.bn1(self.conv1(x_BCHW)), inplace=True)
        y = functional.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        shortcut = x_BCHW if self.downsample is None else self.downsample(x_BCHW)
        return functional.relu(y + shortcut, inplace=True)

    @classmethod
    def stage(cls, in_channels: int, width: int, blocks: int, stride: int) -> nn.Sequential:
        """`blocks` of them; the first one has the stride."""
        first = cls(in_channels, width, stride)
        rest = (cls(width * cls.expansion, width, 1) for _ in range(blocks - 1))
        return nn.Sequential(first, *rest)


def init_kaiming(network: nn.Module) -> None:
    """Convolutions normal by fan-out (He et al. 2015, eq. 14); batch norm starts as identity."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
