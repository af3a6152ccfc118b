"""Two inputs in one network: the second view's channels are put beside the pixels' own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision
from detectors.networks.simple_cnn import convolutions


class DualInput(nn.Module):
    """Pixels and second view as six channels, convolutions, global average, one logit; any size.

    Args:
        widths: channels after each convolution.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.normalise = Normalise()
        # A spectrum and a residual differ in scale by 100; the convolutions see both alike.
        self.scale_second = nn.BatchNorm2d(3)
        self.features = convolutions((6, *widths), 1, pool_last=False, normalised=True)
        self.classifier = nn.Linear(widths[-1], 1)

    def forward(self, images_BCHW: Tensor, second_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] and a second view of the same shape -> logit_B, larger = more fake."""
        with full_precision(images_BCHW.device.type):
            first_BCHW = self.normalise(images_BCHW.float())
            scaled_BCHW = self.scale_second(second_BCHW.float())
        features_BCHW = self.features(torch.cat([first_BCHW, scaled_BCHW], dim=1))
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(features_BCHW.float().mean(dim=(2, 3)))
            return logit_B1.squeeze(1)
