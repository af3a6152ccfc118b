"""What changes during a training besides the weights and the optimiser's tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from detectors.history import HistoryRow

KEPT, BEST_LOGITS = "kept", "best_logits"


@dataclass
class Tally:
    """Images and the seconds they took, of this machine."""

    images: int = 0
    train_seconds: float = 0.0
    """Waiting for images included."""
    wait_seconds: float = 0.0
    """Waiting for images alone."""

    def add(self, images: int, train_seconds: float, wait_seconds: float) -> None:
        """Count a step."""
        self.images += images
        self.train_seconds += train_seconds
        self.wait_seconds += wait_seconds

    @property
    def images_per_s(self) -> float:
        """Training speed; 0 before the first image."""
        return self.images / self.train_seconds if self.train_seconds else 0.0

    @property
    def wait_share(self) -> float:
        """Share of the training seconds spent waiting for images."""
        return self.wait_seconds / self.train_seconds if self.train_seconds else 0.0


@dataclass
class TrainingState:
    """Counts, history and kept weights. Epochs are counted from 1, steps and batches from 0."""

    epoch: int = 1
    """The one being trained."""
    batches_done: int = 0
    """Of that epoch."""
    step: int = 0
    """Updates made so far, over all epochs."""
    of_epoch: Tally = field(default_factory=Tally)
    in_total: Tally = field(default_factory=Tally)
    history: list[HistoryRow] = field(default_factory=list)
    best_epoch: int = 0
    best_logits: Tensor = field(default_factory=lambda: torch.zeros(0))
    """Validation logits of the best epoch."""
    kept: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    """Weights by epoch, on the CPU."""

    def next_epoch(self) -> None:
        """Start counting the next epoch."""
        self.epoch += 1
        self.batches_done = 0
        self.of_epoch = Tally()

    def tensors(self) -> dict[str, Tensor]:
        """The part of a checkpoint that is tensors."""
        kept = {
            f"{KEPT}/{epoch}/{key}": value
            for epoch, state in self.kept.items()
            for key, value in state.items()
        }
        return {**kept, BEST_LOGITS: self.best_logits}

    def facts(self) -> dict[str, Any]:
        """The part of a checkpoint that is JSON."""
        return {
            "epoch": self.epoch,
            "batches_done": self.batches_done,
            "step": self.step,
            "of_epoch": asdict(self.of_epoch),
            "in_total": asdict(self.in_total),
            "history": [asdict(row) for row in self.history],
            "best_epoch": self.best_epoch,
            "kept_epochs": sorted(self.kept),
        }

    @classmethod
    def restored(cls, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> TrainingState:
        """The state that `tensors` and `facts` were taken of.

        Raises:
            KeyError, TypeError: something is missing.
        """
        kept: dict[int, dict[str, Tensor]] = {epoch: {} for epoch in facts["kept_epochs"]}
        for name, value in tensors.items():
            if name.startswith(f"{KEPT}/"):
                _, epoch, key = name.split("/", 2)
                kept[int(epoch)][key] = value
        return cls(
            epoch=facts["epoch"],
            batches_done=facts["batches_done"],
            step=facts["step"],
            of_epoch=Tally(**facts["of_epoch"]),
            in_total=Tally(**facts["in_total"]),
            history=[HistoryRow(**row) for row in facts["history"]],
            best_epoch=facts["best_epoch"],
            best_logits=tensors[BEST_LOGITS],
            kept=kept,
        )
