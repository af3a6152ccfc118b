"""Frozen backbones by name, built with random weights and without a network."""

from __future__ import annotations

from typing import Literal

from torch import nn

from detectors.backbone_names import TINY, parse_backbone_name
from detectors.networks.frozen_backbone import FrozenBackbone
from detectors.networks.normalise import IMAGENET_MEAN, IMAGENET_STD, Normalise

Output = Literal["embedding", "trunk"]
Statistics = Literal["library", "imagenet"]

TINY_FEATURES = 32


def frozen_backbone(
    name: str,
    *,
    output: Output | None = None,
    statistics: Statistics = "library",
    input_px: int | None = None,
) -> FrozenBackbone:
    """Build a backbone; its weights are drawn from torch's global generator.

    Args:
        name: as `detectors.backbone_names` reads it.
        output: of open_clip's models. `embedding`: as `encode_image` gives it, projected, not
            L2-normalised; `trunk`: what is projected; of a convolutional trunk its last map, each
            place normalised, averaged over places. None: `trunk` for towers that are timm
            models (ConvNeXt, as Sem-SPAI uses it), else `embedding`.
        statistics: mean and deviation of the input: the library's for this model, or ImageNet's.
        input_px: for a vision transformer of timm with another side than its own; its position
            embedding is interpolated.

    Raises:
        BadBackboneName: it is no name, or the library has no such model.
        ValueError: the argument `output` or `input_px` says nothing for this library.
    """
    asked = parse_backbone_name(name)
    if output is not None and asked.library != "open_clip":
        raise ValueError(f"{name} has one output; leave out output={output!r}.")
    if input_px is not None and asked.library != "timm":
        raise ValueError(f"{name} has the input size of its weights; leave out input_px.")
    if asked.library == "open_clip":
        from detectors.networks.open_clip_towers import open_clip_tower

        backbone = open_clip_tower(asked, output)
    elif asked.library == "timm":
        from detectors.networks.timm_backbones import timm_backbone

        backbone = timm_backbone(asked, input_px)
    else:
        backbone = _tiny()
    if statistics == "imagenet":
        backbone.normalise = Normalise(IMAGENET_MEAN, IMAGENET_STD)
    return backbone


def _tiny() -> FrozenBackbone:
    """Three convolutions and an average: any size, for tests and toy images."""
    network = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, 2, 1), nn.GELU()),
        *(nn.Conv2d(8, 16, 3, 2, 1), nn.GELU()),
        nn.Conv2d(16, TINY_FEATURES, 3, 2, 1),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )
    return FrozenBackbone(
        TINY,
        network,
        num_features=TINY_FEATURES,
        input_px=None,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    )
