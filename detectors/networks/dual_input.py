"""Two inputs in one detector: joined as channels before a trunk, or as features after two."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision
from detectors.networks.trunk_detector import Trunk

PIXELS, SECOND = "pixels", "second"


class DualInput(nn.Module):
    """Pixels and second view through one trunk as six channels, or through two, and one logit.

    Args:
        features: trunk of six channels, or of three where there are two streams.
        second_features: trunk of the second view; None joins the channels. The same object as
            `features` is one set of weights for both streams.
    """

    def __init__(self, features: Trunk, second_features: Trunk | None = None) -> None:
        super().__init__()
        self.normalise = Normalise()
        # A spectrum and a residual differ in scale by 100; the convolutions see both alike.
        self.scale_second = nn.BatchNorm2d(3)
        self.features = features
        self.is_shared = second_features is features
        self.second_features = None if self.is_shared else second_features
        width = features.num_features
        if second_features is not None:
            width += second_features.num_features
        self.has_two_streams = second_features is not None
        self.classifier = nn.Linear(width, 1)

    def forward(self, images_BCHW: Tensor, second_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] and a second view of the same shape -> logit_B, larger = more fake."""
        with full_precision(images_BCHW.device.type):
            first_BCHW = self.normalise(images_BCHW.float())
            scaled_BCHW = self.scale_second(second_BCHW.float())
        if self.has_two_streams:
            second = self.features if self.second_features is None else self.second_features
            parts = [self.features(first_BCHW).float(), second(scaled_BCHW).float()]
            features_BF = torch.cat(parts, dim=1)
        else:
            features_BF = self.features(torch.cat([first_BCHW, scaled_BCHW], dim=1))
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(features_BF.float())
            return logit_B1.squeeze(1)

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Begin with a library's pretrained weights, under the library's keys.

        A trunk of six channels gets its first convolution from three by
        `detectors.networks.library_weights.widened`.

        Args:
            state: the library's own keys.
            part: pixels or second, where each stream has weights of its own; else None.

        Raises:
            WeightsMismatch: keys are missing, unknown or of another shape.
            ValueError: no such part.
        """
        parts: dict[str | None, Trunk] = {None: self.features}
        if self.second_features is not None:
            parts = {PIXELS: self.features, SECOND: self.second_features}
        if part not in parts:
            known = ", ".join(str(name) for name in parts)
            raise ValueError(f"There is no part {part!r} of this network; parts: {known}.")
        parts[part].load_library(state)

    def what_it_sees(self, images_BCHW: Tensor, second_BCHW: Tensor) -> dict[str, Tensor]:
        """The pixels and the second view, before they are scaled."""
        return {PIXELS: images_BCHW.float(), SECOND: second_BCHW.float()}
