"""How large a difference is beside the spread of what was compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import NotTestable
from analysis.statistics.seed_tests import refuse_no_variance


def dz(differences: npt.ArrayLike) -> float:
    """Return Cohen's d of paired values: mean difference in standard deviations of differences.

    Raises:
        NotTestable: fewer than two differences, or they do not vary.
    """
    found = np.asarray(differences, dtype=float)
    if len(found) < 2:
        raise NotTestable("one difference has no spread", "compare on at least 2 units")
    sd = float(found.std(ddof=1))
    refuse_no_variance(sd, "units")
    return float(found.mean()) / sd


def cliffs_delta(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return P(A > B) - P(A < B) of one value each, drawn at random: -1 to 1."""
    return 2 * probability_of_improvement(a, b) - 1


def probability_of_improvement(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the chance that a random run of A is better than one of B, ties counting half.

    Args:
        a: values of A: seeds, or seeds x test generators.
        b: likewise of B; on the same generators, where there are any. The chance is of runs on one
            generator, averaged over generators (Agarwal et al. 2021).
    """
    first, second = (np.asarray(each, dtype=float) for each in (a, b))
    if not first.size or not second.size:
        raise NotTestable("one side has no values", "complete its runs")
    above = first[:, None] > second[None]
    level = first[:, None] == second[None]
    return float(above.mean() + level.mean() / 2)
