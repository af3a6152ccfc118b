"""GramNet's network (Liu et al., CVPR 2020, arXiv 2002.00133): a ResNet-18 and its textures.

B batch, C channels, H/W pixels, F features. A Gram matrix says how often two of 32 filters answer
at the same place, wherever that is: a texture, which shrinking and compression leave more of than
of single pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.basic_resnet import RESNET18_BLOCKS, RESNET_WIDTH, BasicResNet
from detectors.networks.bottleneck import init_kaiming
from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision

TEXTURES = 32
"""Filters of each branch, so the side of its Gram matrix, and features that come out of it."""
SEEN_AT = ("image", "stem", "pooled stem", "layer1", "layer2", "layer3")
"""Where the branches branch off."""


class GramNet(nn.Module):
    """Features of a ResNet beside those of six Gram matrices, a hidden layer, a logit.

    Args:
        official: the authors' input and two outputs; otherwise ImageNet's normalisation and one.
        blocks: of the ResNet's stages.
        width: of its stem.
        hidden: units of the hidden layer.
    """

    grad_cam_at = "backbone"  # what comes of a Gram matrix has no places in the image

    def __init__(
        self,
        official: bool = True,
        blocks: Sequence[int] = RESNET18_BLOCKS,
        width: int = RESNET_WIDTH,
        hidden: int = 512,
    ) -> None:
        super().__init__()
        self.official = official
        self.normalise = Normalise()
        self.backbone = BasicResNet(blocks, width)
        channels = (3, width, width, *self.backbone.stage_channels[:-1])
        self.branches = nn.ModuleList(GramBranch(count) for count in channels)
        # One number for all branches: how much textures count beside the ResNet's own features.
        self.scale = nn.Parameter(torch.ones(1))
        self.hidden = nn.Linear(self.backbone.num_features + TEXTURES * len(channels), hidden)
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(hidden, 2 if official else 1)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size from 32 px -> logit_B, larger = more fake."""
        output_BF = self.outputs(images_BCHW)
        # The authors' outputs are fake and real, in this order.
        return output_BF[:, 0] - output_BF[:, 1] if self.official else output_BF[:, 0]

    def outputs(self, images_BCHW: Tensor) -> Tensor:
        """The last layer's, (B, 2), or (B, 1) where not official."""
        *before_BCHW, last_BCHW = self._maps(images_BCHW)
        textures_BF = [
            branch(map_BCHW) for branch, map_BCHW in zip(self.branches, before_BCHW, strict=True)
        ]
        with full_precision(images_BCHW.device.type):
            scaled_BF = self.scale * torch.cat([each.float() for each in textures_BF], dim=1)
            features_BF = torch.cat([last_BCHW.float().mean(dim=(2, 3)), scaled_BF], dim=1)
            hidden_BF = self.dropout(functional.relu(self.hidden(features_BF)))
            output_BF: Tensor = self.classifier(hidden_BF)
            return output_BF

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The Gram matrix of each branch, (B, 1, 32, 32)."""
        maps_BCHW = self._maps(images_BCHW)[:-1]
        return {
            f"Gram matrix of the {where}": branch.gram(map_BCHW)
            for where, branch, map_BCHW in zip(SEEN_AT, self.branches, maps_BCHW, strict=True)
            if isinstance(branch, GramBranch)
        }

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Take the weights of torchvision's or timm's `resnet18`; the branches stay random.

        Raises:
            WeightsMismatch: something but its classifier is missing or unknown.
        """
        self.backbone.load_pretrained(state)

    def _maps(self, images_BCHW: Tensor) -> list[Tensor]:
        """What the branches see, and the last stage's map."""
        with full_precision(images_BCHW.device.type):
            if self.official:
                # As OpenCV reads a file: blue first, 0 to 255, without any normalisation.
                input_BCHW = images_BCHW.float().flip(1) * 255
            else:
                input_BCHW = self.normalise(images_BCHW.float())
        return [input_BCHW, *self.backbone.maps(input_BCHW)]


class GramBranch(nn.Module):
    """The texture of a feature map: its Gram matrix, two convolutions over it, 32 features."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.filters = _convolution(in_channels, TEXTURES, stride=1)
        self.first = _convolution(1, TEXTURES // 2, stride=2)
        self.second = _convolution(TEXTURES // 2, TEXTURES, stride=2)
        init_kaiming(self)

    def forward(self, map_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, 32)."""
        features_BCHW: Tensor = self.second(self.first(self.gram(map_BCHW)))
        return features_BCHW.mean(dim=(2, 3))

    def gram(self, map_BCHW: Tensor) -> Tensor:
        """The Gram matrix of the filtered map, (B, 1, 32, 32), float32."""
        filtered_BCHW = self.filters(map_BCHW)
        with full_precision(map_BCHW.device.type):
            return gram_matrix(filtered_BCHW)


def gram_matrix(map_BCHW: Tensor) -> Tensor:
    """Mean products of channels: F F^T / (C H W) with F of (C, H W) -> (B, 1, C, C), float32.

    The division comes before the sum, half of it on either side: a sum over a quarter of a million
    positions leaves the range of half precision (65,504), also where a caller forces that type.
    """
    features_BCN = map_BCHW.float().flatten(2)
    count = features_BCN.shape[1] * features_BCN.shape[2]
    features_BCN = features_BCN * count**-0.5
    return (features_BCN @ features_BCN.mT).unsqueeze(1)


def _convolution(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )
