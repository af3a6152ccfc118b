"""What a recipe must come to: a row of the tables that hold recipes to their sources."""

from collections.abc import Mapping
from dataclasses import dataclass

from detectors.history import HistoryRow

LAST, LOWEST_LOSS, MOST_ACCURATE = 5, 2, 3
"""The epochs that the selections take of HISTORY."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Values by which a recipe is told from every other; unstated ones are neutral."""

    optimizer: str
    batch: int
    epochs: int | None = None
    steps: int | None = None
    rates: Mapping[int, float]
    """At the first of the ten steps of each of these epochs, counted from 1. With schedule: plateau
    accuracy never changes, so that the rate falls as early as it can."""
    last_rate: float
    ends_after: int | None = None
    """The epoch after which the rate is below the lowest, where accuracy never changes."""
    progress: tuple[float, float] | None = None
    """What accuracy must rise by, before and after the first fall of the rate."""
    decay: tuple[float, float] = (0.0, 0.0)
    """Of matrices; of biases and normalisations."""
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    micro_batch: int | None = None
    selected: int
    """Of the epochs of HISTORY."""
    on_test_sets: bool = False
    clip: float | None = None
    smoothing: float = 0.0
    balanced: bool = False
    augment: str = "none"
    precision: str = "float32"


def history_row(epoch: int, loss: float, accuracy: float) -> HistoryRow:
    """An epoch of ten steps with these measures of its validation."""
    return HistoryRow(epoch, epoch * 10, 1e-3, 0.5, loss, 0.9, accuracy, 100.0, 1.0, 0.0)


# The lowest loss and the highest accuracy twice each: the earlier one is meant.
HISTORY = [
    history_row(number, loss, accuracy)
    for number, (loss, accuracy) in enumerate(
        [(0.5, 0.7), (0.3, 0.8), (0.4, 0.9), (0.3, 0.9), (0.6, 0.8)], start=1
    )
]
