"""NPR's residual and its network (arXiv 2312.10461).

B batch, C channels, H/W pixels. The official network is `conv1 ... layer2` of a ResNet-50 with a
3 x 3 stem, then global average and one linear layer: 1,437,761 parameters, never pretrained.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.bottleneck import Bottleneck, init_kaiming
from detectors.networks.precision import full_precision

# The official code subtracts after ImageNet's normalisation: the mean cancels, the deviation stays.
IMAGENET_STD = (0.229, 0.224, 0.225)
# And multiplies the map by 2/3; a checkpoint read without it gives other logits.
RESIDUAL_SCALE = 2.0 / 3.0
CPU = torch.device("cpu")


class NPR(nn.Module):
    """Subtracts from each pixel a neighbour of it, and classifies what is left.

    Args:
        factor: scale of the shrunk image, 0 < factor < 1.
        mode: interpolation of shrinking and enlarging, `nearest`, `bilinear` or `bicubic`.
    """

    channel_scale: Tensor

    def __init__(self, factor: float = 0.5, mode: str = "nearest") -> None:
        super().__init__()
        self.factor = factor
        self.mode = mode
        scale = RESIDUAL_SCALE / torch.tensor(IMAGENET_STD)
        self.register_buffer("channel_scale", scale.view(1, 3, 1, 1), persistent=False)
        self.trunk = NPRTrunk()
        self.classifier = nn.Linear(NPRTrunk.num_features, 1)
        init_kaiming(self.trunk)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size from 8 px -> logit_B, larger = more fake."""
        with full_precision(images_BCHW.device.type):
            map_BCHW = self.residual(images_BCHW.float())
        features_BF = self.trunk(map_BCHW)
        with full_precision(images_BCHW.device.type):
            return self.classifier(features_BF.float()).squeeze(1)

    def residual(self, images_BCHW: Tensor) -> Tensor:
        """The map that the trunk sees: scaled x - up(down(x)), float32, same shape."""
        return npr_residual(images_BCHW, self.factor, self.mode) * self.channel_scale


class NPRTrunk(nn.Module):
    """Stem and the first two stages of a ResNet-50, averaged over positions: images -> 512."""

    num_features = 512

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 64, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = Bottleneck.stage(64, width=64, blocks=3, stride=1)
        self.layer2 = Bottleneck.stage(256, width=128, blocks=4, stride=2)

    def forward(self, map_BCHW: Tensor) -> Tensor:
        """Residual maps -> features_BF."""
        x = functional.relu(self.bn1(self.conv1(map_BCHW)), inplace=True)
        x = functional.max_pool2d(x, 3, stride=2, padding=1)
        return self.layer2(self.layer1(x)).mean(dim=(2, 3))


def npr_residual(images_BCHW: Tensor, factor: float, mode: str = "nearest") -> Tensor:
    """The image minus itself shrunk and enlarged: x - up(down(x, factor), size of x), any size.

    The official code enlarges by 1/factor, which misses the original size for many sizes (225 at
    0.5, 224 at 1/3) and then crashes; enlarging to the original size is equal where it does not.
    `nearest` is a choice of one source pixel per pixel, so nothing is interpolated: for factor 1/l
    and sizes divisible by l each pixel is compared with the first of its l x l block.

    Raises:
        ValueError: an image so small that nothing of it is left after shrinking.
    """
    batch, channels, height, width = images_BCHW.shape
    if min(int(height * factor), int(width * factor)) < 1:
        raise ValueError(
            f"An image of {height} x {width} px has no pixel left at NPR factor {factor}; "
            f"give images of at least {ceil(1 / factor)} px or a larger factor."
        )
    if mode != "nearest":
        small = functional.interpolate(
            images_BCHW, scale_factor=factor, mode=mode, recompute_scale_factor=True
        )
        return images_BCHW - functional.interpolate(small, size=(height, width), mode=mode)
    block = _block_side(height, factor)
    if block and block == _block_side(width, factor):
        blocks = images_BCHW.view(batch, channels, height // block, block, width // block, block)
        return (blocks - blocks[:, :, :, :1, :, :1]).reshape(images_BCHW.shape)
    rows = _nearest_source(height, factor, images_BCHW.device)
    columns = _nearest_source(width, factor, images_BCHW.device)
    return images_BCHW - images_BCHW.index_select(2, rows).index_select(3, columns)


@lru_cache(maxsize=4096)
def _nearest_source(size_px: int, factor: float, device: torch.device = CPU) -> Tensor:
    """For each position of a line, the position whose pixel it gets after down and up.

    Interpolating the positions themselves leaves every rounding question to torch: this is its
    answer, not a copy of its formula. In float32 like the images, because torch computes the
    scale in the type of its input; positions are exact in it up to 2^24.
    """
    # Kept for later calls, which may be part of a training: made in a prediction it would be an
    # inference tensor, which no gradient goes through. On the device too, since a copy in each
    # forward pass would wait for the GPU.
    with torch.inference_mode(False):
        positions = torch.arange(size_px, dtype=torch.float32).view(1, 1, -1)
        small = functional.interpolate(
            positions, scale_factor=factor, mode="nearest", recompute_scale_factor=True
        )
        source = functional.interpolate(small, size=size_px, mode="nearest").view(-1).long()
        return source.to(device)


@lru_cache(maxsize=4096)
def _block_side(size_px: int, factor: float) -> int:
    """Side l where each pixel's source is the first of its block of l; 0 where it is not."""
    side = round(1 / factor)
    if size_px % side:
        return 0
    first = torch.arange(0, size_px, side).repeat_interleave(side)
    return side if torch.equal(first, _nearest_source(size_px, factor)) else 0
