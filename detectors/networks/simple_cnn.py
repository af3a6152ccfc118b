"""SimpleCNN and its small relative; what they are for is said in `detectors.zoo.simple_cnn`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision


def convolutions(
    channels: Sequence[int], padding: int, *, pool_last: bool, normalised: bool = False
) -> nn.Sequential:
    """3 x 3 convolution (BatchNorm), ReLU, 2 x 2 max pooling, for each step of `channels`."""
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(pairwise(channels)):
        layers.append(nn.Conv2d(before, after, 3, padding=padding, bias=not normalised))
        if normalised:
            layers.append(nn.BatchNorm2d(after))
        layers.append(nn.ReLU(inplace=True))
        if pool_last or index < len(channels) - 2:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


class SimpleCNN(nn.Module):
    """Four convolutions 32-64-128-256, a hidden layer of 512, dropout, two outputs.

    Args:
        input_px: side of the square input, at least 32; the hidden layer fixes it.
        padding: of the convolutions, 0 or 1 px.
        dropout: share of the hidden units dropped in training.
    """

    def __init__(self, input_px: int = 224, padding: int = 1, dropout: float = 0.5) -> None:
        super().__init__()
        self.input_px = input_px
        # The study does not state its normalisation; any constant scale would do.
        self.normalise = Normalise()
        self.features = convolutions((3, 32, 64, 128, 256), padding, pool_last=True)
        side = input_px
        for _ in range(4):
            side = (side - 2 + 2 * padding) // 2
        self.hidden = nn.Sequential(
            nn.Linear(256 * side * side, 512), nn.ReLU(inplace=True), nn.Dropout(dropout)
        )
        self.classifier = nn.Linear(512, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], input_px square -> logit_B = z_fake - z_real."""
        height, width = images_BCHW.shape[-2:]
        if (height, width) != (self.input_px, self.input_px):
            raise ValueError(
                f"Images of {height} x {width} px: this SimpleCNN takes {self.input_px} x "
                f"{self.input_px} only. Add resize({self.input_px},{self.input_px}) to the input, "
                "set simple_cnn.input_px, or use simple_cnn.size: tiny."
            )
        features_BCHW = self.features(self.normalise(images_BCHW))
        return fake_minus_real(self.classifier, self.hidden(features_BCHW.flatten(1)))


class TinyCNN(nn.Module):
    """Three convolutions 32-64-128, global average, two outputs; any size from 4 px.

    With BatchNorm: without it, 500 images and the recipe `small` teach it nothing (AUC .5 on its
    own toy generator, .6 to .9 with).
    """

    def __init__(self) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.features = convolutions((3, 32, 64, 128), 1, pool_last=False, normalised=True)
        self.classifier = nn.Linear(128, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> logit_B = z_fake - z_real."""
        features_BCHW = self.features(self.normalise(images_BCHW))
        return fake_minus_real(self.classifier, features_BCHW.mean(dim=(2, 3)))


def fake_minus_real(classifier: nn.Linear, features_BF: Tensor) -> Tensor:
    """Two outputs (index 0 real, 1 fake) as one logit, in float32 under autocast too."""
    with full_precision(features_BF.device.type):
        outputs_B2 = classifier(features_BF.float())
        return outputs_B2[:, 1] - outputs_B2[:, 0]
