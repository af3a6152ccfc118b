"""Tests over seeds: is one training procedure better than another on these test generators?

One value per seed: the mean over the test generators. What varies is the seed, so that they say
nothing of other generators, nor of other training images.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.student_t import VariancePart, satterthwaite, t_effect
from data.counts import counted

ENOUGH_SEEDS = 5
"""Below this a test is computed and warned of: only a gain of 2 seed SDs and more is found."""


def welch_t(a: npt.ArrayLike, b: npt.ArrayLike) -> Effect:
    """Return mean of A minus mean of B by Welch's t, for seeds that share nothing.

    Args:
        a: one value per seed of A, at least two.
        b: likewise of B; as many or not.

    Raises:
        NotTestable: one seed of either, a value is missing, or nothing varies.
    """
    arms = [_values(each, name) for each, name in ((a, "A"), (b, "B"))]
    variance, df = satterthwaite(
        [VariancePart(float(each.var(ddof=1)) / len(each), len(each) - 1) for each in arms]
    )
    refuse_no_variance(variance, "seeds")
    return t_effect(
        "Welch t over seeds",
        float(arms[0].mean() - arms[1].mean()),
        variance,
        df,
        units=f"{counted(len(arms[0]), 'seed')} of A, {len(arms[1]):,} of B",
        notes=few_seeds(len(arms[0]), len(arms[1])),
    )


def paired_t(a: npt.ArrayLike, b: npt.ArrayLike) -> Effect:
    """Return mean of A minus mean of B by the paired t.

    Only for seeds that share something, such as the order of the training images: otherwise pairs
    are made up, and `welch_t` is the test.

    Raises:
        NotTestable: one seed, other numbers of seeds, a value is missing, or nothing varies.
    """
    first, second = _values(a, "A"), _values(b, "B")
    if len(first) != len(second):
        raise NotTestable(
            f"A has {counted(len(first), 'seed')} and B {len(second)}, which makes no pairs",
            "use Welch's t, or train the seeds that are missing",
        )
    found = paired_t_over(first - second, "seed")
    return with_notes(found, few_seeds(len(first), len(first)))


def paired_t_over(differences: npt.NDArray[np.float64], unit: str) -> Effect:
    """Return the one-sample t of differences, one per unit; `unit` names what one is called."""
    n = len(differences)
    if n < 2:
        raise NotTestable(f"{counted(n, unit)} gives no spread", f"compare on at least 2 {unit}s")
    variance = float(differences.var(ddof=1)) / n
    refuse_no_variance(variance, f"{unit}s")
    units = counted(n, unit)
    return t_effect("paired t", float(differences.mean()), variance, n - 1, units=units)


def with_notes(effect: Effect, notes: tuple[str, ...]) -> Effect:
    """Return an effect with further notes."""
    return replace(effect, notes=(*effect.notes, *notes))


def refuse_no_variance(variance: float, units: str) -> None:
    """Refuse numbers that do not vary: a standard error of 0 is no certainty."""
    if not variance > 0:
        raise NotTestable(
            f"the difference is the same on all {units}, so that nothing says how sure it is",
            "check that these are separate runs, or compare their images",
        )


def few_seeds(*seeds: int) -> tuple[str, ...]:
    """Return the warning that few seeds find large gains only, where it holds."""
    if min(seeds) >= ENOUGH_SEEDS:
        return ()
    return (f"Fewer than {ENOUGH_SEEDS} seeds: only large differences can be found.",)


def _values(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    if np.isnan(found).any():
        raise NotTestable(f"some seeds of {name} have no value", "complete its runs")
    if len(found) < 2:
        raise NotTestable(
            f"{counted(len(found), 'seed')} of {name} says nothing of its training procedure",
            f"train at least 2 seeds, better {ENOUGH_SEEDS}, or compare the trained files",
        )
    return found
