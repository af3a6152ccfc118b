"""The scores of one cell as metrics get them: sorted once, for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from analysis.measuring.validation_scores import ValidationScores

Logits = npt.NDArray[np.floating]
Needs = Literal["scores", "validation", "reals_apart"]


@dataclass(frozen=True)
class RealsApart:
    """A cell's reals in two halves, sorted: one sets a threshold, the `others` are measured."""

    setting: Logits
    others: Logits


@dataclass(frozen=True)
class SortedScores:
    """The logits of a cell's reals and fakes, the smallest first, and none of them NaN.

    `apart` and `validation`, of the fit's own validation, are None where they are not there.
    """

    real: Logits
    fake: Logits
    apart: RealsApart | None = None
    validation: ValidationScores | None = None

    @classmethod
    def of(
        cls,
        real: Logits,
        fake: Logits,
        *,
        sets_threshold: npt.NDArray[np.bool_] | None = None,
        validation: ValidationScores | None = None,
    ) -> SortedScores:
        """Sort the logits of a cell, (n_real,) and (n_fake,).

        Args:
            real: in any order.
            fake: in any order.
            sets_threshold: which of the reals are kept apart to set a threshold, (n_real,).
            validation: of the fit.

        Raises:
            ValueError: a logit is NaN.
        """
        apart = None
        if sets_threshold is not None:
            apart = RealsApart(np.sort(real[sets_threshold]), np.sort(real[~sets_threshold]))
        return cls(_sorted(real), _sorted(fake), apart, validation)

    def arguments(self, needs: Needs) -> tuple[Any, ...] | None:
        """Return what a metric's function is called with; None where any of it is not there."""
        if needs == "reals_apart":
            if self.apart is None or not self.apart.setting.size:
                return None
            found: tuple[Any, ...] = (self.apart.others, self.fake, self.apart.setting)
        elif needs == "validation":
            if self.validation is None:
                return None
            found = (self.real, self.fake, self.validation)
        else:
            found = (self.real, self.fake)
        return found if found[0].size and found[1].size else None


def _sorted(logits: Logits) -> Logits:
    ordered = np.sort(logits)
    if ordered.size and np.isnan(ordered[-1]):  # NaN is sorted last
        raise ValueError(
            "logits: NaN among them compares as false with everything and would count as real; "
            "leave the images without a score out, and count them."
        )
    return ordered
