"""Temperature scaling: one number that makes a fit's probabilities honest where it was validated.

P(fake) = sigmoid(logit / T), with T of the largest likelihood on validation scores (Guo, Pleiss,
Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.2). It changes
neither the order of images nor the side of 0 that one is on. It is honest for images such as those
of the validation only: under other generators or degradations it promises nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LOWEST, HIGHEST = 0.01, 100.0
"""Bounds of T; beyond them lies the best T of logits that part the classes, or say nothing."""

HALVINGS = 100

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Temperature:
    """A fitted temperature, or None and why it is undefined."""

    value: float | None
    why_not: str = ""


def fitted_temperature(logits: npt.ArrayLike, labels: npt.ArrayLike) -> Temperature:
    """The temperature of the largest likelihood, by bisection.

    The negative log-likelihood is convex in 1/T, so its slope is 0 at one place at most.

    Args:
        logits: of validation images, larger = more fake; nan (no score) is left out.
        labels: 0 real, 1 fake.
    """
    values, fakes = np.asarray(logits, np.float64), np.asarray(labels) == 1
    scored = np.isfinite(values)
    values, fakes = values[scored], fakes[scored]
    if not len(values):
        return Temperature(None, "the fit has no validation scores")
    if fakes.all() or not fakes.any():
        return Temperature(None, f"validation has {'fake' if fakes[0] else 'real'} images only")
    margins = np.where(fakes, values, -values)
    if (margins > 0).all():
        return Temperature(None, "logit 0 parts the validation images without an error")
    if margins.sum() <= 0:
        return Temperature(None, "the logits do not tell the classes of validation images apart")
    if _slope(margins, 1 / HIGHEST) >= 0 or _slope(margins, 1 / LOWEST) <= 0:
        return Temperature(None, f"the best one is not between {LOWEST:g} and {HIGHEST:g}")
    low, high = np.log(1 / HIGHEST), np.log(1 / LOWEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _slope(margins, float(np.exp(middle))) < 0:
            low = middle
        else:
            high = middle
    return Temperature(float(np.exp(-(low + high) / 2)))


def probability(logits: npt.ArrayLike, temperature: float = 1.0) -> Numbers:
    """P(fake) of logits, in float64; a nan stays one."""
    scaled = np.asarray(logits, np.float64) / temperature
    # By the half of the sigmoid that neither overflows nor loses its last digits.
    small = np.exp(-np.abs(scaled))
    probabilities: Numbers = np.where(scaled >= 0, 1 / (1 + small), small / (1 + small))
    return probabilities


def mean_log_loss(logits: npt.ArrayLike, labels: npt.ArrayLike, temperature: float) -> float:
    """Mean negative log-likelihood of labels 0 and 1, in natural logarithms."""
    fakes = np.asarray(labels) == 1
    values = np.asarray(logits, np.float64) / temperature
    return float(np.logaddexp(0, np.where(fakes, -values, values)).mean())


def _slope(margins: Numbers, inverse: float) -> float:
    """Slope of the negative log-likelihood along 1/T; margins are positive on the right side."""
    return float(-(margins * probability(-inverse * margins)).sum())
