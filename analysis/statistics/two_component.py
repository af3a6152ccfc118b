"""The two-component t: is one training procedure better than another on new test generators?

It is the headline test where all fits learned from one training set: seeds and test generators are
both random. A test over generators alone takes a lucky seed for a better method; one over seeds
alone speaks of these generators only; one over all cells takes each for independent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.seed_tests import few_seeds, refuse_no_variance
from analysis.statistics.student_t import VariancePart, satterthwaite, t_effect
from data.counts import counted

Floats = npt.NDArray[np.float64]


def two_component_t(
    a_SG: npt.ArrayLike, b_SG: npt.ArrayLike, *, unit: str = "test generator"
) -> Effect:
    """Return the mean of A minus the mean of B over seeds and test generators.

    Its variance is that of the per-generator differences over their number, plus for A and for B
    that of the per-seed means over the number of seeds; degrees of freedom after Satterthwaite.

    Args:
        a_SG: values of A, a row per seed, a column per test generator; at least two of each.
        b_SG: values of B on the same generators; the number of seeds may be another.
        unit: what a column is called.

    Raises:
        NotTestable: one seed, one generator, a cell is missing, or nothing varies.
    """
    a, b = (np.asarray(each, dtype=np.float64) for each in (a_SG, b_SG))
    _refuse_what_is_missing(a, b, unit)
    difference_G = a.mean(axis=0) - b.mean(axis=0)
    variance, df = satterthwaite(
        [_variance_of_mean(each) for each in (difference_G, a.mean(axis=1), b.mean(axis=1))]
    )
    refuse_no_variance(variance, f"seeds and {unit}s")
    seeds = counted(len(a), "seed") if len(a) == len(b) else f"{len(a)} seeds of A, {len(b)} of B"
    return t_effect(
        "two-component t",
        float(difference_G.mean()),
        variance,
        df,
        units=f"{counted(len(difference_G), unit)}, {seeds}",
        notes=few_seeds(len(a), len(b)),
    )


def _variance_of_mean(values: Floats) -> VariancePart:
    return VariancePart(float(values.var(ddof=1)) / len(values), len(values) - 1)


def _refuse_what_is_missing(a: Floats, b: Floats, unit: str) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"shapes {a.shape} and {b.shape}: seeds x {unit}s, the same {unit}s")
    if min(len(a), len(b)) < 2:
        raise NotTestable(
            "one seed says nothing of a training procedure",
            "train at least 2 seeds, better 5, or compare the trained files",
        )
    if a.shape[1] < 2:
        raise NotTestable(f"one {unit} says nothing of new ones", f"test on at least 2 {unit}s")
    if np.isnan(a).any() or np.isnan(b).any():
        raise NotTestable("some cells are missing", f"leave out the {unit}s that have them")
