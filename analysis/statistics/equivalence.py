"""As good as: is a difference smaller than a margin that was set before the results were seen?

A p above .05 for a difference says nothing of this: with few units nothing is ever found.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.seed_tests import refuse_no_variance
from analysis.statistics.student_t import t_quantile
from data.counts import counted


def tost(differences: npt.ArrayLike, margin: float, *, unit: str = "test generator") -> Effect:
    """Return two one-sided t tests of a mean difference against -margin and +margin.

    A p below .05 says that the difference lies within the margin; then the 90 % interval does, too
    (Schuirmann 1987). `p` is the larger of the two one-sided ones.

    Args:
        differences: A minus B, one per unit, at least two.
        margin: the largest difference that does not matter, above 0, in the metric's unit.
        unit: what one unit is called.

    Raises:
        NotTestable: one unit, a value is missing, or nothing varies.
    """
    found = np.asarray(differences, dtype=np.float64)
    n = len(found)
    if np.isnan(found).any():
        raise NotTestable(f"some {unit}s have no difference", "compare where both are measured")
    if n < 2:
        raise NotTestable(f"{counted(n, unit)} gives no spread", f"compare on at least 2 {unit}s")
    mean, error = float(found.mean()), float(found.std(ddof=1)) / n**0.5
    refuse_no_variance(error, f"{unit}s")
    return tost_of(mean, error, n - 1, margin, units=counted(n, unit))


def tost_of(
    value: float, error: float, df: float, margin: float, *, units: str, of: str = ""
) -> Effect:
    """Return the same of any difference that a t test, or a z test, has a standard error of.

    Args:
        value: A minus B.
        error: its standard error, above 0.
        df: degrees of freedom; infinite for a z test.
        margin: the largest difference that does not matter, above 0, in the value's unit.
        units: what was counted as independent.
        of: the test whose error it is.
    """
    from scipy.special import stdtr

    if not margin > 0:
        raise ValueError(f"margin is {margin}: it must be above 0, such as .01 for one point")
    within = min(df, 1e9)  # scipy's t has no infinite df
    nearest = (margin - abs(value)) / error
    half = t_quantile(0.9, within) * error
    return Effect(
        method=f"TOST, margin {100 * margin:g} points" + (f" ({of})" if of else ""),
        value=value,
        low=value - half,
        high=value + half,
        p=float(stdtr(within, -nearest)),
        units=units,
        level=0.9,
        statistic=nearest,
        df=None if math.isinf(df) else float(df),
        notes=("A p below .05 says that the difference is smaller than the margin.",),
    )
