"""How far probabilities are from what happens: the Brier score and the calibration error of a cell.

The interval of the calibration error is a test turned round. A sample's error is too large, since
each bin's gap has noise and counts without its sign, so the bootstrap around it would leave the
truth out. Instead all gaps are taken to be a multiple of those found; the interval has the
multiples under which the error found is neither too large nor too small (2.5 % each). Under each
the error is a sum of folded normal gaps (Leone, Nelson and Nottingham, Technometrics 1961), taken
to be normal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, exp, pi, sqrt

import numpy as np
import numpy.typing as npt

from analysis.measuring.intervals import Z, of_a_mean, unvaried
from analysis.measuring.metric_registry import Bounds
from analysis.measuring.sorted_scores import Logits
from analysis.statistics.temperature import probability

BINS = 15
_EDGES = np.arange(1, BINS) / BINS
_HALVINGS = 12

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SureCalls:
    """P(fake) of a cell's reals and fakes, each sorted."""

    real: Numbers
    fake: Numbers

    @classmethod
    def of(cls, real: Logits, fake: Logits, temperature: float = 1.0) -> SureCalls:
        """Make them of sorted logits, divided by a temperature."""
        return cls(probability(real, temperature), probability(fake, temperature))

    @property
    def images(self) -> int:
        """How many there are."""
        return self.real.size + self.fake.size

    @property
    def brier(self) -> float:
        """The mean squared error."""
        return float(np.square(self.real).sum() + np.square(1 - self.fake).sum()) / self.images

    def brier_bounds(self) -> Bounds:
        """Return its interval, from the spread of squared errors on each side."""
        squares = np.square(self.real), np.square(1 - self.fake)
        variance = sum(each.size * float(each.var()) for each in squares) / self.images**2
        return of_a_mean(self.brier, variance, self.images)

    @property
    def calibration_error(self) -> float:
        """The mean over images of the gap in each one's bin."""
        gaps, _ = self._gaps
        return float(np.abs(gaps).sum())

    def calibration_error_bounds(self) -> Bounds:
        """Return its interval; it has 0 where the gaps might be noise alone."""
        gaps, errors = self._gaps
        found = float(np.abs(gaps).sum())
        _, high = unvaried(found, self.images)
        if errors.any() and found:
            low = 0.0 if self._may_be_noise(found) else found * _multiple(gaps, errors, found, Z)
            high = max(high, found * _multiple(gaps, errors, found, -Z))
            return min(found, low), min(1.0, high)
        return 0.0, high

    def _may_be_noise(self, found: float) -> bool:
        """Say whether honest probabilities would give such an error.

        Their spread is known from themselves; what is seen in bins of few images is too small.
        """
        _, variances = self._summed(lambda p, label: p - label, lambda p, label: p * (1 - p))
        mean, sd = _folded_sum(np.zeros(BINS), np.sqrt(variances) / self.images)
        return found <= mean + Z * sd

    @property
    def _gaps(self) -> tuple[Numbers, Numbers]:
        """The sum of P - label of each bin per image of the cell, and its standard error."""
        sums, squares = self._summed(lambda p, label: p - label, lambda p, label: (p - label) ** 2)
        return sums / self.images, np.sqrt(squares) / self.images

    def _summed(self, *parts: Callable[[Numbers, int], Numbers]) -> list[Numbers]:
        """Return the sums over the images of each bin of some functions of P and label."""
        sums = [np.zeros(BINS) for _ in parts]
        for side, label in ((self.real, 0), (self.fake, 1)):
            ends = [0, *np.searchsorted(side, _EDGES, side="right"), side.size]
            for each, part in zip(sums, parts, strict=True):
                each += np.diff(np.concatenate([[0.0], np.cumsum(part(side, label))])[ends])
        return sums


def _multiple(gaps: Numbers, errors: Numbers, found: float, z: float) -> float:
    """Return by how much gaps are to be multiplied for `found` to be z standard errors too large.

    0 where it is not, even without gaps.
    """
    low, high = 0.0, 4.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        mean, sd = _folded_sum(gaps * middle, errors)
        if mean + z * sd < found:
            low = middle
        else:
            high = middle
    return low


def _folded_sum(gaps: Numbers, errors: Numbers) -> tuple[float, float]:
    """Return mean and standard deviation of the sum of absolute values of normal numbers."""
    mean = variance = 0.0
    for gap, error in zip(np.abs(gaps).tolist(), errors.tolist(), strict=True):
        if error:
            standard = gap / error
            folded = error * sqrt(2 / pi) * exp(-standard * standard / 2)
            folded += gap * erf(standard / sqrt(2))
            variance += gap * gap + error * error - folded * folded
        else:
            folded = gap
        mean += folded
    return mean, sqrt(max(0.0, variance))
