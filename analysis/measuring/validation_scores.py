"""What a fit's own validation says: a threshold for its calls, and a temperature for its logits.

Neither has seen the images of a test. Where the recipe validated on the test sets themselves
(oracle fits), or another epoch is scored than the one that was validated, there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.measuring.called_images import threshold_of_reals
from analysis.measuring.sorted_scores import Logits
from analysis.selecting.selection import StoreSelection
from analysis.statistics.temperature import fitted_temperature
from grid.records.oracles import is_oracle
from grid.records.tables import read_validation
from grid.store.errors import StoreError, StoreMissing


@dataclass(frozen=True)
class ValidationScores:
    """The logits of a fit's validation images, real and fake, sorted; those of no logit are out."""

    real: Logits
    fake: Logits

    def threshold(self, reals_per_false_alarm: int) -> float | None:
        """Return the lowest threshold that calls at most one in so many of the reals fake.

        None of fewer reals than that: the threshold would be their largest logit, whatever rate
        that has. No fake is looked at.
        """
        if self.real.size < reals_per_false_alarm:
            return None
        return threshold_of_reals(self.real, reals_per_false_alarm)

    @cached_property
    def temperature(self) -> float | None:
        """The temperature of the largest likelihood; None where that is undefined."""
        logits = np.concatenate([self.real, self.fake])
        return fitted_temperature(logits, np.arange(logits.size) >= self.real.size).value


class Validations:
    """The validation scores of a selection's fits, each read once.

    `unreadable` are the fits whose scores are there and cannot be used: what they would give is not
    known, which is something else than undefined.
    """

    def __init__(self, selection: StoreSelection) -> None:
        self._selection = selection
        self._read: dict[str, ValidationScores | None] = {}
        self.unreadable: set[str] = set()

    def of(self, fit_id: str, epoch: int | str) -> ValidationScores | None:
        """Return the scores that a fit's validation gave at an epoch; None where there are none."""
        commit = self._selection.commits[fit_id]
        if epoch != commit["selected_epoch"] or is_oracle(self._selection.fits[fit_id]["recipe"]):
            return None
        if fit_id not in self._read:
            self._read[fit_id] = self._scores(fit_id, commit["attempt"])
        return self._read[fit_id]

    def _scores(self, fit_id: str, attempt: str) -> ValidationScores | None:
        try:
            table = read_validation(self._selection.store, fit_id, attempt)
        except StoreMissing:  # given weights and imported scores were validated nowhere
            return None
        except StoreError as error:
            self._selection.leave_out(error.key, error)
            self.unreadable.add(fit_id)
            return None
        logits, labels = table["logit"].to_numpy(), table["label"].to_numpy()
        scored = np.isfinite(logits)
        return ValidationScores(*(np.sort(logits[scored & (labels == label)]) for label in (0, 1)))
