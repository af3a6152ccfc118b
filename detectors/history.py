"""What an epoch was like, and which epoch is the detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from detectors.recipe_fields import Recipe


@dataclass(frozen=True)
class HistoryRow:
    """One epoch. Seconds and speeds are of this machine; all else is a function of the fit."""

    epoch: int
    step: int
    lr: float
    """Of the epoch's last step."""
    train_loss: float
    """Mean over the images shown, while the weights changed; against smoothed or mixed labels where
    the recipe or the augmentation makes them, so that its lowest value is above 0."""
    validation_loss: float
    """Binary cross-entropy, never smoothed."""
    validation_auc: float | None
    """None where the validation images are of one class."""
    validation_accuracy: float
    """At logit 0."""
    images_per_s: float
    seconds: float
    """Training and validation."""
    data_wait_share: float
    """Of the training seconds, the part spent waiting for images."""


@dataclass(frozen=True)
class Validation:
    """Measures of validation logits."""

    loss: float
    auc: float | None
    accuracy: float


def validated(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int8]) -> Validation:
    """Loss, AUC and accuracy of logits (larger = more fake) for labels 0 real, 1 fake."""
    logit_N = logits.astype(np.float64)
    loss = np.logaddexp(0.0, logit_N) - labels * logit_N
    return Validation(
        loss=float(loss.mean()),
        auc=area_under_curve(logit_N, labels),
        accuracy=float(((logit_N > 0) == (labels == 1)).mean()),
    )


def area_under_curve(logits: npt.NDArray[np.float64], labels: npt.NDArray[np.int8]) -> float | None:
    """Share of (real, fake) pairs in the right order, ties half (Mann-Whitney); None if no pair."""
    num_fake = int((labels == 1).sum())
    num_real = len(labels) - num_fake
    if not num_fake or not num_real:
        return None
    _, value, counts = np.unique(logits, return_inverse=True, return_counts=True)
    # Rank of tied values: the mean of the ranks that they share.
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    fake_ranks = float(mean_rank[value[labels == 1]].sum())
    return (fake_ranks - num_fake * (num_fake + 1) / 2) / (num_fake * num_real)


def badness(row: HistoryRow, recipe: Recipe) -> float:
    """What the selection minimises; `last` prefers every later epoch.

    Raises:
        ValueError: selection by an AUC that is undefined.
    """
    if recipe.selection == "last":
        return -row.epoch
    if recipe.selection == "validation_loss":
        return row.validation_loss
    if recipe.selection == "validation_accuracy":
        return -row.validation_accuracy
    if row.validation_auc is None:
        raise ValueError(
            "selection: validation_auc, but the validation images are of one class only; "
            "use validation_loss, or validation images of both classes."
        )
    return -row.validation_auc


def selected_epoch(history: Sequence[HistoryRow], recipe: Recipe) -> int:
    """The epoch that is the detector; of equal ones the earliest."""
    return min(history, key=lambda row: (badness(row, recipe), row.epoch)).epoch


def out_of_patience(history: Sequence[HistoryRow], recipe: Recipe) -> bool:
    """Whether the last `patience` epochs brought no progress."""
    if recipe.patience is None or not history:
        return False
    best, best_epoch = inf, 0
    for row in history:
        if badness(row, recipe) < best:
            best, best_epoch = badness(row, recipe), row.epoch
    return history[-1].epoch - best_epoch >= recipe.patience
