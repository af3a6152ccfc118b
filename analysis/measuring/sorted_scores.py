"""The scores of one cell as metrics get them: sorted once, for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from analysis.measuring.image_probabilities import ImageProbabilities
from analysis.measuring.mutual_ranks import MutualRanks

if TYPE_CHECKING:
    from analysis.measuring.validation_scores import ValidationScores

Logits = npt.NDArray[np.floating]
Needs = Literal["scores", "ranks", "probabilities", "calibrated", "validation", "reals_apart"]


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
        real = self.real if needs != "reals_apart" or self.apart is None else self.apart.others
        if not real.size or not self.fake.size:
            return None
        if needs == "scores":
            return real, self.fake
        given = self._given(needs)
        return None if given is None else (real, self.fake, given)

    def _given(self, needs: Needs) -> Any:
        if needs == "reals_apart":
            return None if self.apart is None or not self.apart.setting.size else self.apart.setting
        return getattr(self, needs)  # the others are called as what is needed

    @cached_property
    def ranks(self) -> MutualRanks:
        """Where the images of each side stand among the other's."""
        return MutualRanks.of(self.real, self.fake)

    @cached_property
    def probabilities(self) -> ImageProbabilities:
        """P(fake) of each image."""
        return ImageProbabilities.of(self.real, self.fake)

    @cached_property
    def calibrated(self) -> ImageProbabilities | None:
        """The same after temperature scaling; None where validation gives no temperature."""
        temperature = None if self.validation is None else self.validation.temperature
        if temperature is None:
            return None
        return ImageProbabilities.of(self.real, self.fake, temperature)


def _sorted(logits: Logits) -> Logits:
    ordered = np.sort(logits)
    if ordered.size and np.isnan(ordered[-1]):  # NaN is sorted last
        raise ValueError(
            "logits: NaN among them compares as false with everything and would count as real; "
            "leave the images without a score out, and count them."
        )
    return ordered
