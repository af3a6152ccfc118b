"""What each operation that acts on a batch computes, found by its name."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import torch

from data.operations import Operation, Pipeline
from detectors.batch_augmentation.batch import BatchDraws, TrainingBatch
from detectors.networks.precision import full_precision

Implementation = Callable[..., TrainingBatch]
ROOMS = ("detectors.batch_augmentation", "detectors.frequency")

_implementations: dict[str, Implementation] = {}


def implements(name: str) -> Callable[[Implementation], Implementation]:
    """Register what an operation computes.

    The function takes the batch, its `BatchDraws`, and by name each parameter that
    `data/augmentations/` declares but `p`; it returns the batch after the operation. It is not
    called where no image is chosen.
    """

    def register(function: Implementation) -> Implementation:
        _implementations[name] = function
        return function

    return register


@functools.cache
def implementations() -> dict[str, Implementation]:
    """All of them, by name."""
    for room in ROOMS:
        for module in pkgutil.iter_modules(importlib.import_module(room).__path__):
            importlib.import_module(f"{room}.{module.name}")
    return _implementations


def augmented(pipeline: Pipeline, batch: TrainingBatch) -> TrainingBatch:
    """A batch after all operations of a pipeline's second part, in full float32."""
    with torch.no_grad(), full_precision(batch.images_BCHW.device.type):
        for place, step in enumerate(pipeline.operations):
            batch = _applied(step, place, batch)
    return batch


def _applied(step: Operation, place: int, batch: TrainingBatch) -> TrainingBatch:
    settings: dict[str, Any] = step.settings
    draws = BatchDraws(batch, place, settings.pop("p"))
    if not len(draws.rows):
        return batch
    return implementations()[step.name](batch, draws, **settings)
