"""ImageNet weights of a ResNet, under the keys that timm and torchvision give them."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from detectors.networks.resnet import ResNet
from detectors.weights import load_strictly

IMAGENET_CLASSIFIER = "fc."


def load_resnet_backbone(backbone: ResNet, state: Mapping[str, Tensor]) -> None:
    """Put a library's weights into a backbone; those of its classifier are left out.

    Raises:
        WeightsMismatch: a tensor is missing, unknown or of another shape; all are named.
    """
    taken = {key: value for key, value in state.items() if not key.startswith(IMAGENET_CLASSIFIER)}
    # Files written before torch 0.4.1 do not count batches; nothing is computed with the counts.
    counts = {
        key: value
        for key, value in backbone.state_dict().items()
        if key.endswith("num_batches_tracked")
    }
    load_strictly(backbone, {**counts, **taken})
