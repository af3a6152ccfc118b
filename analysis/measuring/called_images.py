"""Images called real or fake at a threshold: an image is called fake when its logit is larger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.measuring.intervals import Share
from analysis.measuring.sorted_scores import Logits


@dataclass(frozen=True)
class CalledImages:
    """The confusion matrix of one cell: images of each class, and those called by their class."""

    n_real: int
    n_fake: int
    n_real_right: int
    n_fake_right: int

    @classmethod
    def at(cls, threshold: float, real: Logits, fake: Logits) -> CalledImages:
        """Count the calls; at the threshold itself an image is called real. Both sides sorted."""
        called_real = [int(_up_to(side, threshold)) for side in (real, fake)]
        return cls(real.size, fake.size, called_real[0], fake.size - called_real[1])

    @property
    def specificity(self) -> Share:
        """The share of reals called real."""
        return self.n_real_right / self.n_real, self.n_real

    @property
    def sensitivity(self) -> Share:
        """The share of fakes called fake."""
        return self.n_fake_right / self.n_fake, self.n_fake

    @property
    def accuracy(self) -> float:
        """The share of images called by their class."""
        return (self.n_real_right + self.n_fake_right) / (self.n_real + self.n_fake)


def _up_to(logits: Logits, threshold: float) -> np.intp:
    """Count the sorted logits up to a threshold."""
    same = logits.dtype.type(threshold)
    # A number of another type would have all logits converted to it, for one comparison in ten.
    return logits.searchsorted(same if same == threshold else threshold, side="right")


def threshold_of_reals(real: Logits, reals_per_false_alarm: int) -> float:
    """Return the lowest threshold that calls at most one in so many of these reals fake.

    Of fewer than `reals_per_false_alarm` none may be called fake: it is their largest logit.

    Args:
        real: sorted, (n,), n > 0.
        reals_per_false_alarm: 20 for a false positive rate of 5 %, 100 for 1 %.
    """
    allowed = real.size // reals_per_false_alarm
    return float(real[real.size - 1 - allowed])
