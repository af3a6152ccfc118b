"""Tests over test generators: is one trained file better than another on new generators?

One difference per test generator, A minus B. What varies is the generator; seeds do not vary here,
so that a mean over seeds or one file each is compared, and a seed that is good by chance on all
generators alike looks like a better method. `two_component` allows for that.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from analysis.statistics import seed_tests
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.signed_ranks import NullRanks, Zeros, midranks
from data.counts import counted

Floats = npt.NDArray[np.float64]
MOST_ENUMERATED = 20
RANDOM_DRAWS = 200_000


def sign_flip(
    differences: npt.ArrayLike, *, unit: str = "test generator", level: float = 0.95
) -> Effect:
    """Return the mean difference by the exact sign-flip test (Fisher's), two-sided.

    If A is no better, each difference could as well have the other sign. Beyond 20 units the signs
    are drawn, 200,000 times with a fixed seed. The interval holds the shifts that the test does
    not reject; its ends are means of subsets of the differences (Hartigan 1969).

    Args:
        differences: A minus B, one per unit.
        unit: what one unit is called.
        level: of the interval.

    Raises:
        NotTestable: so few units that no p can be below 1 - level, a value missing, or all 0.
    """
    found = _checked(differences, unit)
    _refuse_few(len(found), len(found), unit, level)
    exact = len(found) <= MOST_ENUMERATED
    means = _subset_means(found) if exact else _random_subset_means(found)
    slack = 1e-12 * float(np.abs(found).max())
    total, n_signs = float(found.mean()), len(means) + 1
    beyond = np.sum(means <= slack) if total > 0 else np.sum(means >= -slack)
    left_out = math.floor((1 - level) / 2 * n_signs + 1e-9)
    means.sort()
    return Effect(
        method="exact sign-flip" if exact else f"sign-flip, {RANDOM_DRAWS:,} draws",
        value=total,
        low=float(means[left_out - 1]),
        high=float(means[-left_out]),
        p=min(1.0, 2 * (1 + float(beyond)) / n_signs),
        units=counted(len(found), unit),
        level=level,
    )


def signed_rank(
    differences: npt.ArrayLike,
    *,
    unit: str = "test generator",
    level: float = 0.95,
    zeros: Zeros = "drop",
) -> Effect:
    """Return the pseudomedian of the differences by Wilcoxon's exact signed-rank test.

    Ties have middle ranks and the null distribution is that of the ranks as they are, so that p is
    R's exact one (`zeros`: dropped, or ranked and then dropped as Pratt does). The pseudomedian is
    the median of the means of all pairs (Hodges & Lehmann 1963), its interval is of such means.

    Args:
        differences: A minus B, one per unit.
        unit: what one unit is called.
        level: of the interval.
        zeros: what is done with differences of 0.

    Raises:
        NotTestable: so few units that no p can be below 1 - level, a value missing, or all 0.
    """
    found = _checked(differences, unit)
    n_used = int(np.count_nonzero(found))
    _refuse_few(n_used, len(found), unit, level)
    ranks, is_positive = midranks(found, zeros)
    untied = NullRanks(np.arange(1, len(found) + 1))
    left_out = untied.quantile((1 - level) / 2)
    first, second = np.triu_indices(len(found))
    walsh = np.sort((found[first] + found[second]) / 2)
    dropped = len(found) - n_used
    said = f"{counted(dropped, 'difference is', 'differences are')} 0 and left out of the ranks."
    return Effect(
        method="exact signed-rank (pseudomedian)",
        value=float(np.median(walsh)),
        low=float(walsh[left_out - 1]),
        high=float(walsh[-left_out]),
        p=NullRanks(ranks).two_sided_p(float(ranks[is_positive].sum())),
        units=counted(len(found), unit),
        level=level,
        statistic=float(ranks[is_positive].sum()),
        notes=(said,) if dropped else (),
    )


def paired_t(differences: npt.ArrayLike, *, unit: str = "test generator") -> Effect:
    """Return the mean difference by the paired t, which takes differences as normal.

    Raises:
        NotTestable: one unit, a value is missing, or nothing varies.
    """
    return seed_tests.paired_t_over(np.asarray(_present(differences, unit)), unit)


def _present(differences: npt.ArrayLike, unit: str) -> Floats:
    found = np.asarray(differences, dtype=np.float64)
    if np.isnan(found).any():
        raise NotTestable(f"some {unit}s have no difference", "compare where both are measured")
    return found


def _checked(differences: npt.ArrayLike, unit: str) -> Floats:
    found = _present(differences, unit)
    if len(found) and not found.any():
        raise NotTestable(f"A and B are equal on every {unit}", "check that they are two methods")
    return found


def _refuse_few(used: int, given: int, unit: str, level: float) -> None:
    """Refuse so few units that even differences of one sign would not be significant."""
    alpha = 1 - level
    needed = math.ceil(math.log2(2 / alpha) - 1e-9)
    if used >= needed:
        return
    ties = f", {given - used} of them without a difference," if used < given else ""
    smallest = f"{min(1.0, 2 / 2**used):.4g}".replace("0.", ".", 1)
    raise NotTestable(
        f"{counted(given, unit)}{ties} cannot give a p below {smallest}, whatever they show",
        f"look at the differences, or compare on at least {needed} {unit}s that differ",
    )


def _subset_means(values: Floats) -> Floats:
    """Return the means of all subsets but the empty one, 2^n - 1 of them."""
    sums, sizes = np.zeros(1), np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
        sizes = np.concatenate([sizes, sizes + 1])
    return np.asarray(sums[1:] / sizes[1:])


def _random_subset_means(values: Floats) -> Floats:
    """Return means of RANDOM_DRAWS random subsets, each value in or out by a coin."""
    random = np.random.default_rng(0)
    means = np.empty(RANDOM_DRAWS)
    for start in range(0, RANDOM_DRAWS, 10_000):  # so that memory does not grow with the units
        chosen = random.integers(0, 2, (10_000, len(values))).astype(np.float64)
        sizes = chosen.sum(axis=1)
        means[start : start + 10_000] = chosen @ values / np.maximum(sizes, 1)
    return means
