"""Metrics of one cell from its logits. Larger logits mean more fake; undefined is None, never 0."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.floating]


def accuracy(real: Logits, fake: Logits) -> float | None:
    """Return the share of images on their side of a logit of 0, in [0, 1].

    An image is called fake when its logit is larger than 0; at 0 it is called real. .5 is chance
    only where both sides are equally many. None where either class is empty: a share of one class
    is no accuracy of a detector.

    Args:
        real: Logits of real images, (n_real,).
        fake: Logits of fake images, (n_fake,).

    Raises:
        ValueError: A logit is NaN.
    """
    _refuse_nan(real, fake)
    if not real.size or not fake.size:
        return None
    right = np.count_nonzero(real <= 0) + np.count_nonzero(fake > 0)
    return float(right / (real.size + fake.size))


def balanced_accuracy(real: Logits, fake: Logits) -> float | None:
    """Return the mean of both classes' accuracies: .5 by chance, however many each holds.

    None and ValueError as in `accuracy`.
    """
    _refuse_nan(real, fake)
    if not real.size or not fake.size:
        return None
    return float((np.mean(real <= 0) + np.mean(fake > 0)) / 2)


def auc(real: Logits, fake: Logits) -> float | None:
    """Return the area under the ROC curve: P(fake > real) + P(fake = real) / 2, in [0, 1].

    Exact with ties: pairs are counted in integers, by the ranks of the fakes among the sorted
    reals (Mann and Whitney, 1947). Never flipped: below .5 is a result. None where a class is
    empty.

    Raises:
        ValueError: A logit is NaN.
    """
    _refuse_nan(real, fake)
    if not real.size or not fake.size:
        return None
    reals, fakes = np.sort(real), np.sort(fake)
    below = int(np.searchsorted(reals, fakes, side="left").sum(dtype=np.int64))
    up_to = int(np.searchsorted(reals, fakes, side="right").sum(dtype=np.int64))
    return (below + up_to) / (2 * reals.size * fakes.size)


def _refuse_nan(real: Logits, fake: Logits) -> None:
    if np.isnan(real).any() or np.isnan(fake).any():
        raise ValueError(
            "logits: NaN among them compares as false with everything and would count as real; "
            "leave the images without a score out, and count them."
        )
