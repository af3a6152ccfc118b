"""What chance gives: the levels above which a figure says something."""

from __future__ import annotations

import math
from statistics import NormalDist

ONE_IN = 100
"""A calm comparison exceeds a level by chance less than once in so many."""

_SHARED = 2  # cross-validated results vary so much more than those of a fixed rule


def chance_level(reals: int, fakes: int, rules: int = 1) -> float:
    """The balanced accuracy below which a result may be chance.

    A fixed rule that knows nothing calls each image right with some probability; the variance of
    its hits is at most n / 4 in either class, so that of the balanced accuracy is at most
    (1 / reals + 1 / fakes) / 16. Rules learned in cross-validation share their images, and on
    shuffled labels their variance is up to 1.9 times that (measured with 12 to 200 images and 2 to
    50 categories), so twice the bound is taken. The level is one half and as many standard
    deviations as a normal variable exceeds once in `ONE_IN` * `rules` (Bonferroni, for the best of
    several).

    Args:
        reals: images of the class; none makes the level 1 or more: nothing can be said.
        fakes: as `reals`.
        rules: of which the best is looked at.

    Returns:
        Above 1 where the images are too few for any result to exceed it.
    """
    if not reals or not fakes:
        return math.inf
    return 0.5 + _quantile(rules) * math.sqrt(_SHARED * (1 / reals + 1 / fakes) / 16)


def auc_chance_level(reals: int, fakes: int, rules: int = 1) -> float:
    """The same of an AUC, whose variance by chance is (n + m + 1) / (12 n m).

    Source: Mann and Whitney (Annals of Mathematical Statistics 18, 1947), divided by (n m)^2.
    """
    if not reals or not fakes:
        return math.inf
    deviation = math.sqrt((reals + fakes + 1) / (12 * reals * fakes))
    return 0.5 + _quantile(2 * rules) * deviation


def _quantile(rules: int) -> float:
    return NormalDist().inv_cdf(1 - 1 / (ONE_IN * rules))
