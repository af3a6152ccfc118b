"""Metrics of the probability that a logit stands for: P(fake) = sigmoid(logit).

`_calibrated` is after temperature scaling, fitted on the fit's own validation; the interval takes
the temperature as given. All of them move with how many reals and fakes a test set has.
"""

from __future__ import annotations

from analysis.measuring.image_probabilities import BINS, ImageProbabilities
from analysis.measuring.intervals import Bounds
from analysis.measuring.metric_registry import metric
from analysis.measuring.sorted_scores import Logits


def _brier_bounds(real: Logits, fake: Logits, p: ImageProbabilities) -> Bounds:
    return p.brier_bounds()


def _ece_bounds(real: Logits, fake: Logits, p: ImageProbabilities) -> Bounds:
    return p.calibration_error_bounds()


@metric(
    "brier",
    "Brier score",
    1,
    explained="mean squared error of P(fake); .25 is P = .5 of every image, 0 is best",
    interval=_brier_bounds,
    better="lower",
    on_page=False,
    needs="probabilities",
)
def brier(real: Logits, fake: Logits, p: ImageProbabilities) -> float:
    """Return the mean of (P(fake) - label)^2 over all images (Brier, 1950)."""
    return p.brier


@metric(
    "ece",
    "expected calibration error",
    1,
    explained=f"gap between mean P(fake) and share of fakes in each of {BINS} bins of P of one "
    "width, a mean over images; 0 is best, and small samples give too much",
    interval=_ece_bounds,
    better="lower",
    on_page=False,
    needs="probabilities",
)
def ece(real: Logits, fake: Logits, p: ImageProbabilities) -> float:
    """Return the expected calibration error of P(fake) (Naeini, Cooper and Hauskrecht, AAAI 2015).

    Of P(fake), as reliability diagrams of two classes show it, and not of the larger of both
    probabilities. A bin holds its upper edge.
    """
    return p.calibration_error


@metric(
    "brier_calibrated",
    "Brier score after temperature scaling",
    1,
    explained="Brier score of P(fake) after temperature scaling on the fit's own validation",
    interval=_brier_bounds,
    better="lower",
    on_page=False,
    needs="calibrated",
)
def brier_calibrated(real: Logits, fake: Logits, p: ImageProbabilities) -> float:
    """Return the Brier score with the temperature of validation; it is None where that has none."""
    return p.brier


@metric(
    "ece_calibrated",
    "expected calibration error after temperature scaling",
    1,
    explained=f"expected calibration error ({BINS} bins) after temperature scaling on the fit's "
    "own validation",
    interval=_ece_bounds,
    better="lower",
    on_page=False,
    needs="calibrated",
)
def ece_calibrated(real: Logits, fake: Logits, p: ImageProbabilities) -> float:
    """Return the calibration error with the temperature of validation, likewise."""
    return p.calibration_error
