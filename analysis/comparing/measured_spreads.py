"""How much seeds and generators vary in what is measured: what a plan needs and nobody knows.

Only entries whose generator is new to their training set count, in matrices that differ in the
method and not in the degradation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from analysis.matrices.matrix import Matrix
from analysis.matrices.relations import UNSEEN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MeasuredSpreads:
    """Standard deviations as in `Spreads`, None where too little is measured."""

    seed: float | None
    generator: float | None
    training: float | None
    test: float | None


def measured_spreads(matrices: Sequence[Matrix], metric: str) -> MeasuredSpreads:
    """Return the spreads of a metric, as root mean squares over matrices and their pairs."""
    values = [new_values(matrix, metric) for matrix in matrices]
    differences = [
        _mean(a, axis=0) - _mean(b, axis=0)
        for (one, a), (other, b) in combinations(zip(matrices, values, strict=True), 2)
        if are_alike(one, other) and a.size and b.size
    ]
    return MeasuredSpreads(
        seed=_root_mean_square(_sd(_mean(each, axis=2), axis=0) for each in values),
        generator=_root_mean_square(_sd(each, axis=1) for each in differences),
        training=_root_mean_square(_sd(_mean(each, axis=1), axis=0) for each in differences),
        test=_root_mean_square(_sd(_mean(each, axis=0), axis=0) for each in differences),
    )


def new_values(matrix: Matrix, metric: str) -> Floats:
    """Return a metric as seeds x rows x columns; NaN where a generator is not new, or unmeasured.

    Seeds that lack an entry of a row lack the row: their means would be of other generators.
    """
    seeds = matrix.seeds
    found = np.full((len(seeds), len(matrix.rows), len(matrix.columns)), np.nan)
    for row, entries in enumerate(matrix.entries):
        for column, entry in enumerate(entries):
            if entry is None or entry.relation not in UNSEEN:
                continue
            for cell in entry.cells:
                value = cell.measured.metrics[metric] if cell.measured else None
                if value is not None and cell.seed is not None:
                    found[seeds.index(cell.seed), row, column] = value
    has_some = ~np.isnan(found).all(axis=0)
    is_partial = (np.isnan(found) & has_some).any(axis=2)
    found[is_partial] = np.nan
    return found


def are_alike(one: Matrix, other: Matrix) -> bool:
    """Say whether two matrices have the same rows, columns and degradation."""
    heads = [
        ([row.label for row in each.rows], [column.key for column in each.columns])
        for each in (one, other)
    ]
    names = ("degradation", "test input", "equalise")
    return heads[0] == heads[1] and all(
        one.settings.get(name) == other.settings.get(name) for name in names
    )


def _mean(values: Floats, axis: int) -> Floats:
    """Return means over what is there, NaN where nothing is."""
    count = (~np.isnan(values)).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _sd(values: Floats, axis: int) -> Floats:
    """Return standard deviations of what is there, NaN where that is fewer than two."""
    count = (~np.isnan(values)).sum(axis=axis)
    centred = values - np.expand_dims(_mean(values, axis), axis)
    variance = np.nansum(centred**2, axis=axis) / np.maximum(count - 1, 1)
    return np.asarray(np.where(count > 1, np.sqrt(variance), np.nan))


def _root_mean_square(found: Iterable[Floats]) -> float | None:
    every = np.concatenate([np.ravel(each) for each in found] or [np.zeros(0)])
    known = every[~np.isnan(every)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else None
