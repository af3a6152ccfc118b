"""McNemar's test: do two files get a different share of the same images right?

Only images on which they differ count. What varies is the image, so that it speaks of these two
trained files alone.
"""

from __future__ import annotations

import math

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.student_t import z_quantile


def mcnemar(only_a_right: int, only_b_right: int, n: int, *, exact: bool = False) -> Effect:
    """Return accuracy of A minus accuracy of B on the same n images.

    The p is exact binomial, by default the mid-p of Fagerland, Lydersen & Laake (2013), which takes
    off half the probability of what was observed: the exact test errs towards finding nothing. The
    interval is Bonett & Price's (2012), Wald's with one image added to either kind of difference,
    so that it has a width where nothing differs.

    Args:
        only_a_right: images that A alone gets right.
        only_b_right: images that B alone gets right.
        n: all images, at least as many as those two together.
        exact: the exact p instead of the mid-p.

    Raises:
        NotTestable: there are no images.
    """
    if n < 1:
        raise NotTestable("there are no images", "compare on at least one")
    differing = only_a_right + only_b_right
    if min(only_a_right, only_b_right) < 0 or differing > n:
        raise ValueError(f"{only_a_right} and {only_b_right} of {n} images is no table")
    a, b = (only_a_right + 1) / (n + 2), (only_b_right + 1) / (n + 2)
    half = z_quantile(0.95) * math.sqrt((a + b - (a - b) ** 2) / (n + 2))
    alike = "Both are right and wrong on the same images: the interval is a bound, without a p."
    return Effect(
        method="McNemar exact" if exact else "McNemar mid-p",
        value=(only_a_right - only_b_right) / n,
        low=max(-1.0, a - b - half),
        high=min(1.0, a - b + half),
        p=_p(only_a_right, only_b_right, exact) if differing else None,
        units=f"{n:,} images, {differing:,} of them told apart",
        notes=() if differing else (alike,),
    )


def _p(b: int, c: int, exact: bool) -> float:
    from scipy.stats import binom, binomtest

    p = float(binomtest(b, b + c, 0.5).pvalue)
    if exact:
        return p
    observed = float(binom.pmf(b, b + c, 0.5))
    # At b = c one outcome alone is the observed one, and half of it is taken off; elsewhere the
    # two-sided p holds two such outcomes, half of each.
    return p - observed / 2 if b == c else p - observed
