"""The plainest detector: pixels through a trunk, and one linear layer on its features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor, nn

from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision


class Trunk(Protocol):
    """A network without its classifier: (B, C, H, W) -> features_BF."""

    num_features: int

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        """Features of normalised images."""
        ...

    def load_library(self, state: Mapping[str, Tensor]) -> None:
        """Take a library's pretrained weights; WeightsMismatch where they do not fit."""
        ...


class TrunkDetector(nn.Module):
    """ImageNet's normalisation, a trunk, one logit.

    Args:
        trunk: an nn.Module that is a `Trunk` of three channels.
        classifier_std: deviation that the last layer's weights are drawn with, its bias being
            zero; None = torch's own way.
        dropout: share of features that training leaves out before the last layer.
    """

    def __init__(
        self, trunk: Trunk, classifier_std: float | None = None, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.backbone = trunk
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(trunk.num_features, 1)
        if classifier_std is not None:
            nn.init.trunc_normal_(self.classifier.weight, std=classifier_std)
            nn.init.zeros_(self.classifier.bias)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> logit_B, larger = more fake."""
        with full_precision(images_BCHW.device.type):
            normalised_BCHW = self.normalise(images_BCHW.float())
        features_BF = self.backbone(normalised_BCHW)
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(self.dropout(features_BF.float()))
            return logit_B1.squeeze(1)

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Begin with a library's pretrained weights, under the library's keys.

        Raises:
            WeightsMismatch: keys are missing, unknown or of another shape.
            ValueError: a part is named; there is one trunk.
        """
        if part is not None:
            raise ValueError(f"There is no part {part!r}: the network has one trunk; name none.")
        self.backbone.load_library(state)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The pixels alone."""
        return {"pixels": images_BCHW.float()}
