"""How far probabilities are from what happens: the Brier score and the calibration error of a cell.

The interval of the calibration error is a test turned round. A sample's error is too large, since
each bin's gap has noise and counts without its sign, so the bootstrap around it would leave the
truth out. Instead all gaps are taken to be a multiple of those found; the interval has the
multiples under which the error found is neither too large nor too small (2.5 % each). Under each
the error is a sum of folded normal gaps (Leone, Nelson and Nottingham, Technometrics 1961), taken
to be normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from analysis.measuring.intervals import Bounds, Z, of_a_mean, unvaried
from analysis.statistics.temperature import probability

BINS = 15
_EDGES = np.arange(1, BINS) / BINS
_NO_ERROR = 1e-12
_STEPS = 65
"""Multiples that are tried; between them the line is straight."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ImageProbabilities:
    """P(fake) of a cell's reals and fakes, each sorted."""

    real: Numbers
    fake: Numbers

    @classmethod
    def of(
        cls,
        real: npt.NDArray[np.floating],
        fake: npt.NDArray[np.floating],
        temperature: float = 1.0,
    ) -> Self:
        """Make them of sorted logits, divided by a temperature."""
        return cls(probability(real, temperature), probability(fake, temperature))

    @property
    def images(self) -> int:
        """How many there are."""
        return self.real.size + self.fake.size

    @property
    def brier(self) -> float:
        """The mean squared error."""
        return float(sum(each.sum() for each in self._squared_errors)) / self.images

    def brier_bounds(self) -> Bounds:
        """Return its interval, from the spread of squared errors on each side."""
        spread = sum(each.size * float(each.var()) for each in self._squared_errors)
        return of_a_mean(self.brier, spread / self.images**2, self.images)

    @cached_property
    def _squared_errors(self) -> tuple[Numbers, Numbers]:
        return np.square(self.real), np.square(1 - self.fake)

    @property
    def calibration_error(self) -> float:
        """The mean over images of the gap in each one's bin."""
        return float(np.abs(self._bins.gaps).sum())

    def calibration_error_bounds(self) -> Bounds:
        """Return its interval; it has 0 where the gaps might be noise alone."""
        found = self.calibration_error
        _, high = unvaried(found, self.images)
        gaps, errors = self._bins.gaps, self._bins.errors
        if not found or not errors.any():
            return 0.0, high
        # Honest probabilities know the spread that they would have; what is seen of it in bins of
        # few images is too small.
        mean, sd = _folded_sums(np.zeros((1, BINS)), self._bins.honest_errors)
        may_be_noise = found <= mean[0] + Z * sd[0]
        low = 0.0 if may_be_noise else found * _multiple(gaps, errors, found, Z, 1.0)
        # Beyond this multiple even the gaps without noise are too large.
        most = 1 + Z * float(np.sqrt(np.square(errors).sum())) / found
        high = max(high, found * _multiple(gaps, errors, found, -Z, most))
        return min(found, low), min(1.0, high)

    @cached_property
    def _bins(self) -> _Bins:
        gaps, squares, honest = np.zeros(BINS), np.zeros(BINS), np.zeros(BINS)
        for side, label in ((self.real, 0), (self.fake, 1)):
            ends = [0, *np.searchsorted(side, _EDGES, side="right"), side.size]
            # Sums up to each image, so that a bin is the difference of two of them.
            first, second = (
                np.concatenate([[0.0], each.cumsum()])[ends] for each in (side, side * side)
            )
            n, p, pp = np.diff(ends), np.diff(first), np.diff(second)
            gaps += p - label * n
            squares += pp - 2 * label * p + label * n
            honest += p - pp
        errors, honest_errors = (np.sqrt(np.maximum(each, 0)) for each in (squares, honest))
        return _Bins(gaps / self.images, errors / self.images, honest_errors / self.images)


@dataclass(frozen=True)
class _Bins:
    """Of each bin, per image of the cell: the sum of P - label, and its standard error.

    `honest_errors` are those that it would have if P were honest.
    """

    gaps: Numbers
    errors: Numbers
    honest_errors: Numbers


def _multiple(gaps: Numbers, errors: Numbers, found: float, z: float, most: float) -> float:
    """Return by how much gaps are to be multiplied for `found` to be z standard errors too large.

    0 where it is not, even without gaps; `most` at most.
    """
    multiples = np.linspace(0, most, _STEPS)
    mean, sd = _folded_sums(multiples[:, None] * gaps, errors)
    # Near 0 the spread may grow faster than the mean.
    reached = np.maximum.accumulate(mean + z * sd)
    return float(np.interp(found, reached, multiples))


def _folded_sums(gaps_MB: Numbers, error_B: Numbers) -> tuple[Numbers, Numbers]:
    """Return means and standard deviations of sums of absolute values of normal numbers, (M,)."""
    from scipy.special import erf

    error_B = np.maximum(error_B, _NO_ERROR)
    standard_MB = gaps_MB / error_B
    folded_MB = error_B * np.sqrt(2 / np.pi) * np.exp(-np.square(standard_MB) / 2)
    folded_MB += gaps_MB * erf(standard_MB / np.sqrt(2))
    variance_MB = np.square(gaps_MB) + np.square(error_B) - np.square(folded_MB)
    return folded_MB.sum(axis=1), np.sqrt(np.maximum(variance_MB, 0).sum(axis=1))
