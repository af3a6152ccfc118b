"""Geometry and augmentation of training images as one pipeline. Without torch: a plan asks, too."""

from __future__ import annotations

from data.operations import Pipeline

# Where an augmentation acts: before the first of these, so after a resize that stands before it, as
# in the field's code: CNNSpot and its heirs blur and compress the resized image and then crop it.
CUTS = frozenset(
    {
        "random_crop",
        "center_crop",
        "trim",
        "hflip",
        "vflip",
        "patch",
        "poor_and_rich",
        "views",
    }
)


def training_pipeline(geometry: Pipeline, augmentation: Pipeline) -> Pipeline:
    """Geometry and augmentation as one pipeline, the augmentation before the first cut."""
    steps = geometry.operations
    cut = next((index for index, step in enumerate(steps) if step.name in CUTS), len(steps))
    return Pipeline(steps[:cut] + augmentation.operations + steps[cut:])
