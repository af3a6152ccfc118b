"""NPR's network (arXiv 2312.10461), and the full ResNet-50 on the same map.

B batch, C channels, H/W pixels, F features. The official network is `conv1 ... layer2` of a
ResNet-50 with a 3 x 3 stem, then global average and one linear layer: 1,437,761 parameters, never
pretrained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.lasting_errors import WeightsMismatch
from detectors.networks.bottleneck import Bottleneck, init_kaiming
from detectors.networks.colour_spaces import lab, ycbcr
from detectors.networks.normalise import IMAGENET_STD
from detectors.networks.npr_residual import FIRST_PIXEL, npr_residual
from detectors.networks.precision import full_precision
from detectors.networks.resnet import ResNet
from detectors.weights import load_strictly

# The official code multiplies the map by 2/3; a checkpoint read without it gives other logits.
RESIDUAL_SCALE = 2.0 / 3.0
OFFICIAL_BLOCKS = (3, 4)
OFFICIAL_WIDTH = 64
COLOUR_SPACES = {"ycbcr": ycbcr, "lab": lab}
LIBRARY_CLASSIFIER = "fc."
"""What torchvision and timm call the last layer of a ResNet."""


class NPRMap(nn.Module):
    """The map that NPR's trunk sees: the scaled residual, float32 whatever autocast is on.

    Args:
        factor: scale of the shrunk image, 0 < factor < 1.
        mode: interpolation of shrinking and enlarging, `nearest`, `bilinear` or `bicubic`.
        colour: space in which pixels are compared, `rgb`, `ycbcr` or `lab`.
        reference: what a pixel is compared with, see `npr_residual`.
    """

    channel_scale: Tensor

    def __init__(
        self,
        factor: float = 0.5,
        mode: str = "nearest",
        colour: str = "rgb",
        reference: str = FIRST_PIXEL,
    ) -> None:
        super().__init__()
        self.factor = factor
        self.mode = mode
        self.colour = colour
        self.reference = reference
        # The official code subtracts after ImageNet's normalisation: the mean cancels, the
        # deviation stays. Those deviations are of red, green and blue; the channels of another
        # space get their mean, so that spaces differ in directions and not in overall scale.
        deviation = torch.tensor(IMAGENET_STD)
        if colour != "rgb":
            deviation = deviation.mean().expand(3)
        scale = RESIDUAL_SCALE / deviation
        self.register_buffer("channel_scale", scale.view(1, 3, 1, 1), persistent=False)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> scaled x - up(down(x)), float32, same shape."""
        with full_precision(images_BCHW.device.type):
            pixels_BCHW = images_BCHW.float()
            if self.colour != "rgb":
                pixels_BCHW = COLOUR_SPACES[self.colour](pixels_BCHW)
            difference = npr_residual(pixels_BCHW, self.factor, self.mode, self.reference)
            return difference * self.channel_scale


class NPR(nn.Module):
    """Subtracts from each pixel a neighbour of it, and classifies what is left.

    Args:
        residual: makes the map.
        trunk: map -> features_BF; with `num_features`.
    """

    def __init__(self, residual: NPRMap, trunk: NPRTrunk | ResNet) -> None:
        super().__init__()
        self.residual = residual
        self.trunk = trunk
        self.classifier = nn.Linear(trunk.num_features, 1)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size from 8 px -> logit_B, larger = more fake."""
        features_BF = self.trunk(self.residual(images_BCHW))
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(features_BF.float())
            return logit_B1.squeeze(1)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The map, for drawing: around 0, three channels of the colour space, same size."""
        return {"npr_map": self.residual(images_BCHW)}

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Begin with a ResNet-50 of torchvision or timm, in place; its classifier is dropped.

        Args:
            state: weights under the library's own keys.
            part: there is one part, so nothing is named.

        Raises:
            WeightsMismatch: the trunk is not a full ResNet-50, or a weight does not fit.
        """
        if not isinstance(self.trunk, ResNet):
            raise WeightsMismatch(
                "NPR's official trunk is the first half of a ResNet-50 with a stem of its own: "
                "there are no pretrained weights for it, and the authors use none. Leave the "
                "weights out, or set npr.backbone: resnet50."
            )
        load_library_resnet(self.trunk, state)


class NPRTrunk(nn.Module):
    """Stem and the first stages of a ResNet-50, averaged over positions: maps -> features_BF.

    Args:
        in_channels: of the map.
        blocks: of each stage; stages after the first halve the resolution.
        width: channels of the stem.
    """

    def __init__(
        self,
        in_channels: int = 3,
        blocks: Sequence[int] = OFFICIAL_BLOCKS,
        width: int = OFFICIAL_WIDTH,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        self.num_stages = len(blocks)
        for index, count in enumerate(blocks):
            inner, stride = width * 2**index, 1 if index == 0 else 2
            stage = Bottleneck.stage(channels, inner, count, stride)
            self.add_module(f"layer{index + 1}", stage)
            channels = inner * Bottleneck.expansion
        self.num_features = channels

    def forward(self, map_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, num_features)."""
        x = functional.relu(self.bn1(self.conv1(map_BCHW)), inplace=True)
        x = functional.max_pool2d(x, 3, stride=2, padding=1)
        for index in range(self.num_stages):
            x = self.get_submodule(f"layer{index + 1}")(x)
        return x.mean(dim=(2, 3))


def npr_network(residual: NPRMap, *, tiny: bool = False) -> NPR:
    """The official network on a map; `tiny`: one block in each stage, an eighth of the width."""
    trunk = NPRTrunk(blocks=(1, 1), width=8) if tiny else NPRTrunk()
    network = NPR(residual, trunk)
    init_kaiming(network.trunk)
    return network


def npr_resnet50(residual: NPRMap, *, tiny: bool = False) -> NPR:
    """The full ResNet-50 on a map; `tiny`: three stages of one block, a quarter of the width."""
    return NPR(residual, ResNet((1, 1, 1), 16) if tiny else ResNet((3, 4, 6, 3), 64))


def load_library_resnet(trunk: ResNet, state: Mapping[str, Tensor]) -> None:
    """Load torchvision's or timm's weights of a ResNet, but for the classifier, strictly.

    Raises:
        WeightsMismatch: naming what is missing, unknown or of another shape.
    """
    kept = {key: value for key, value in state.items() if not key.startswith(LIBRARY_CLASSIFIER)}
    # Older files of torchvision lack the counters, which nothing is computed with.
    for key, value in trunk.state_dict().items():
        if key.endswith("num_batches_tracked"):
            kept.setdefault(key, value)
    load_strictly(trunk, kept)
