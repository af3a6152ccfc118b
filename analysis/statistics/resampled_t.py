"""The t test of repeated splits of one data set, which share most of their training images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.seed_tests import refuse_no_variance
from analysis.statistics.student_t import t_effect
from data.counts import counted


def corrected_resampled_t(differences: npt.ArrayLike, test_share: float) -> Effect:
    """Return the mean difference over splits by the t of Nadeau & Bengio (2003).

    Splits that share images are not independent: the variance of the mean is (1/J + test/training)
    of the differences' variance, not 1/J.

    Args:
        differences: A minus B, one per split.
        test_share: share of the images that each split tests on, above 0 and below 1.

    Raises:
        NotTestable: one split, or nothing varies.
    """
    if not 0 < test_share < 1:
        raise ValueError(f"test_share is {test_share}: it lies between 0 and 1")
    found = np.asarray(differences, dtype=np.float64)
    n = len(found)
    if n < 2:
        raise NotTestable(f"{counted(n, 'split')} gives no spread", "split at least twice")
    variance = float(found.var(ddof=1)) * (1 / n + test_share / (1 - test_share))
    refuse_no_variance(variance, "splits")
    units = f"{counted(n, 'split')} of one data set"
    return t_effect("corrected resampled t", float(found.mean()), variance, n - 1, units=units)
