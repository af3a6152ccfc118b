"""The crossed two-way t: is one training procedure better on new training AND test generators?

It is the headline test of a train x test matrix. Training generators, test generators and seeds are
all random: entries of one row share their training set, those of one column their test set, and
neither cells nor rows nor columns alone are independent.

With D the difference of the seed means of A and B in each entry, and effects of row, column and
entry, the variance of D's mean is row part + column part - entry part: each of the first two
holds the entries' own variance, so that their plain sum, which one also meets, counts it twice.
Entries that are not of the claim, as the diagonal, leave rows and columns of unequal length; the
three variances are therefore taken from squared differences of pairs of entries (Koch 1967): in
one row, in one column, in neither. Without gaps these are the usual mean squares.

Each training set is a fit of its own, so that what seeds do to single fits is in the row part
already. What a seed does to all fits alike, as one initialisation may, is in none of these parts;
it is added, as far as the means of the seeds differ by more than single fits explain.

Where the same generators are trained on and tested on, a method can be good at one of them on both
sides. Rows and columns then vary together; `own_column` says which belong to each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.seed_tests import few_seeds, refuse_no_variance
from analysis.statistics.student_t import VariancePart, satterthwaite, t_effect
from data.counts import counted

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def crossed_t(
    a_STG: npt.ArrayLike,
    b_STG: npt.ArrayLike,
    *,
    own_column: Sequence[int | None] | None = None,
) -> Effect:
    """Return the mean of A minus the mean of B over the entries of a train x test matrix.

    Args:
        a_STG: values of A: seeds x training generators x test generators, at least two of each.
            NaN where an entry is not of the claim, the same entries for all seeds and for B.
        b_STG: values of B; the number of seeds may be another.
        own_column: of each row the column that is the same generator, None where none is; left out
            where training and test generators have nothing in common.

    Raises:
        NotTestable: one seed, too few generators, a cell is missing, or nothing varies.
    """
    a, b = (np.asarray(each, dtype=np.float64) for each in (a_STG, b_STG))
    is_of_claim = _checked(a, b)
    difference = a.mean(axis=0) - b.mean(axis=0)
    value = float(difference[is_of_claim].mean())
    parts = [
        *_generator_parts(difference, is_of_claim, own_column),
        *(_shared_seed_part(each, is_of_claim) for each in (a, b)),
    ]
    variance, df = satterthwaite(parts)
    refuse_no_variance(variance, "seeds and generators")
    n_rows, n_columns = is_of_claim.any(axis=1).sum(), is_of_claim.any(axis=0).sum()
    seeds = counted(len(a), "seed") if len(a) == len(b) else f"{len(a)} seeds of A, {len(b)} of B"
    return t_effect(
        "crossed two-way t",
        value,
        variance,
        df,
        units=f"{n_rows} training and {n_columns} test generators, {seeds}",
        notes=few_seeds(len(a), len(b)),
    )


def _checked(a: Floats, b: Floats) -> Mask:
    """Return which entries are of the claim; refuse what cannot be tested."""
    if a.ndim != 3 or b.ndim != 3 or a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f"shapes {a.shape} and {b.shape}: seeds x the same training x test generators"
        )
    if min(len(a), len(b)) < 2:
        raise NotTestable(
            "one seed says nothing of a training procedure",
            "train at least 2 seeds, better 5, or compare the trained files",
        )
    measured: Mask = np.concatenate([~np.isnan(a), ~np.isnan(b)])
    is_of_claim: Mask = np.any(measured, axis=0)
    if not (measured == is_of_claim).all():
        raise NotTestable(
            "some seeds lack entries that others have", "leave out those entries or run them"
        )
    n_rows, n_columns = is_of_claim.any(axis=1).sum(), is_of_claim.any(axis=0).sum()
    if n_rows < 2:
        raise NotTestable(
            f"{counted(int(n_rows), 'training generator')} says nothing of new ones",
            "use the two-component t, which speaks of this one, or train on others too",
        )
    if n_columns < 2 or is_of_claim.sum() - n_rows - n_columns + 1 < 1:
        raise NotTestable(
            f"{counted(int(is_of_claim.sum()), 'entry', 'entries')} of {n_rows} x {n_columns} "
            "cannot tell rows from columns",
            "train and test on more generators",
        )
    return is_of_claim


class _Pairs(NamedTuple):
    """Half the squared differences of ordered pairs of entries: their sum, how many they are."""

    total: float
    number: float

    @property
    def mean(self) -> float:
        """Their mean: the variance of what the two entries of a pair do not share."""
        return self.total / self.number


def _pairs(values: Floats, is_of_claim: Mask, axis: int | None) -> _Pairs:
    n = is_of_claim.sum(axis=axis)
    total = n * (values**2).sum(axis=axis) - values.sum(axis=axis) ** 2
    return _Pairs(float(np.sum(total)), float(np.sum(n * (n - 1))))


def _generator_parts(
    difference: Floats, is_of_claim: Mask, own_column: Sequence[int | None] | None
) -> list[VariancePart]:
    """Return the parts that rows, columns and entries have in the variance of the mean.

    The larger of the row and the column part is taken whole; of the other what is more than the
    entries explain, so that noise never makes the sum smaller than either.
    """
    values = np.where(is_of_claim, difference - difference[is_of_claim].mean(), 0.0)
    in_row, in_column = _pairs(values, is_of_claim, 1), _pairs(values, is_of_claim, 0)
    every = _pairs(values, is_of_claim, None)
    apart = _Pairs(
        every.total - in_row.total - in_column.total,
        every.number - in_row.number - in_column.number,
    )
    n = int(is_of_claim.sum())
    entry = max(0.0, in_row.mean + in_column.mean - apart.mean) / n
    sides = []
    for inside, lengths in ((in_row, is_of_claim.sum(1)), (in_column, is_of_claim.sum(0))):
        weight = float(np.sum((lengths / n) ** 2))
        variance = max(0.0, (apart.mean - inside.mean) * weight + entry)
        sides.append(VariancePart(variance, int(np.count_nonzero(lengths)) - 1))
    larger, smaller = sorted(sides, reverse=True)
    parts = [larger]
    if smaller.variance > entry:
        df = n - sum(side.df + 1 for side in sides) + 1
        parts += [smaller, VariancePart(-entry, df)]
    shared = 0.0 if own_column is None else _shared_part(values, is_of_claim, own_column)
    if shared <= 0:
        return parts
    # Rows and columns of the same generators vary as one: as many units as there are generators.
    total = sum(part.variance for part in parts) + shared
    return [VariancePart(total, min(side.df for side in sides))]


def _shared_part(values: Floats, is_of_claim: Mask, own_column: Sequence[int | None]) -> float:
    """Return twice the covariance of row and column effects, of generators that are both.

    The effects are those of the additive model, by least squares.
    """
    rows, columns = np.nonzero(is_of_claim)
    n, (n_rows, n_columns) = len(rows), is_of_claim.shape
    design = np.concatenate([np.eye(n_rows)[rows], np.eye(n_columns)[columns]], axis=1)
    effects = np.linalg.lstsq(design, values[is_of_claim], rcond=None)[0]
    known = [(row, n_rows + own) for row, own in enumerate(own_column) if own is not None]
    both = [pair for pair in known if design[:, pair].any(axis=0).all()]
    if len(both) < 2:
        return 0.0
    of_row, of_column = effects[np.transpose(both)]
    weights = design.sum(axis=0)[np.transpose(both)] / n
    return float(2 * np.cov(of_row, of_column)[0, 1] * np.sum(weights[0] * weights[1]))


def _shared_seed_part(values: Floats, is_of_claim: Mask) -> VariancePart:
    """Return what seeds add to the variance of one arm's mean beyond the noise of single fits."""
    kept = is_of_claim.any(axis=1)
    fits_ST = np.nanmean(values[:, kept], axis=2)
    n_seeds, n_rows = fits_ST.shape
    seeds = fits_ST.mean(axis=1, keepdims=True)
    noise = fits_ST - seeds - fits_ST.mean(axis=0) + fits_ST.mean()
    of_fits = float((noise**2).sum()) / ((n_seeds - 1) * (n_rows - 1) * n_seeds * n_rows)
    of_seeds = float(seeds.var(ddof=1)) / n_seeds
    return VariancePart(max(0.0, of_seeds - of_fits), n_seeds - 1)
