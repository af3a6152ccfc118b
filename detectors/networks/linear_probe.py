"""A linear layer over the features of a frozen backbone (UnivFD, CVPR 2023, arXiv 2302.10174).

B images, C channels, H/W pixels, F features.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from detectors.networks.frozen_backbone import FrozenBackbone
from detectors.networks.precision import full_precision
from detectors.weights import load_strictly

HEAD_STD = 0.02
BACKBONE, HEAD = "backbone", "head"


class LogitOfFeatures(nn.Linear):
    """features_BF -> logit_B, in float32; the weight is drawn from N(0, 0.02)."""

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, 1)
        nn.init.normal_(self.weight, 0.0, HEAD_STD)

    def forward(self, features_BF: Tensor) -> Tensor:
        """Larger = more fake."""
        with full_precision(features_BF.device.type):
            return super().forward(features_BF.float()).squeeze(1)


class LinearProbe(nn.Module):
    """A frozen backbone, and a linear layer that is trained.

    Args:
        backbone: gives the features, which are not L2-normalised.
    """

    def __init__(self, backbone: FrozenBackbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.num_features = backbone.num_features
        self.head = LogitOfFeatures(backbone.num_features)

    def frozen_features(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> features_BF, what the head is given; of each image alone."""
        return self.backbone.features(images_BCHW)

    def features_identity(self) -> dict[str, str]:
        """What the features depend on beside the pixels."""
        return {"backbone": self.backbone.name, "sha256": self.backbone.checksum()}

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> logit_B."""
        logit_B: Tensor = self.head(self.frozen_features(images_BCHW))
        return logit_B

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Take the backbone's weights by its library's keys, or those of a head alone.

        Args:
            state: for the part `head`: `weight` and `bias`, or `fc.weight` and `fc.bias`.
            part: `backbone`, which None means too, or `head`.

        Raises:
            WeightsMismatch: keys are missing, unknown, or of another shape.
        """
        if part == HEAD:
            bare = {key.removeprefix("fc."): value.float() for key, value in state.items()}
            load_strictly(self.head, bare)
        else:
            self.backbone.load_backbone(state)
