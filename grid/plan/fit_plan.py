"""What is left of one fit, and what it will take."""

from __future__ import annotations

from dataclasses import dataclass

from data.view import View
from grid.expansion.fits import Fit
from grid.records.commits import Commit
from grid.trial.contract import Work


@dataclass(frozen=True)
class FitPlan:
    """What is left of one fit."""

    fit: Fit
    commit: Commit | None
    pieces: int
    missing_pieces: int
    work: Work
    predicted_s: float | None
    alike_ran: bool = True
    """Whether the prediction is from fits of this store, not from the detector's own figure."""
    damaged_pieces: int = 0
    """Pieces whose file is empty: neither committed nor to be written before a repair."""
    blocked: str = ""
    """Why no run can go on with it before a repair, "" where nothing stands in the way."""
    absent: tuple[tuple[str, View], ...] = ()
    """Of a trained fit, the pool and view of each missing piece; of others all are missing."""
    gpu_share: float = 0.0
    """What its trial takes of a GPU, 0 where it is expected to run on a CPU."""
    cpu_share: float = 1.0

    @property
    def committed(self) -> bool:
        """Whether it is trained."""
        return self.commit is not None

    @property
    def predicted_training_s(self) -> float | None:
        """Training's part of the prediction."""
        if self.predicted_s is None or not self.work.trained_images:
            return None
        return self.predicted_s * self.work.trained_images / self.work.amount

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return self.committed and self.missing_pieces == 0
