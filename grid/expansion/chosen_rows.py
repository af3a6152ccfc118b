"""Row selections of training sets, each made once, and the classes that are in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.pools import Pool
from data.selection import PoolRows, Selection, select
from grid.sources.training_sets import TrainingSet

if TYPE_CHECKING:
    from grid.expansion.fits import Fit


class Selections:
    """Row selections, each made once: seeds and sweeps share their training images."""

    def __init__(self) -> None:
        self._rows: dict[str, PoolRows] = {}
        self._made: dict[tuple[Any, ...], Selection] = {}

    def of(self, training: TrainingSet) -> Selection:
        """Return the training and validation rows of a training set."""
        if training.key not in self._made:
            self._made[training.key] = select(
                [self._of_pool(p) for p in training.pools],
                training.rule,
                [self._of_pool(p) for p in training.validation_pools],
            )
        return self._made[training.key]

    def _of_pool(self, pool: Pool) -> PoolRows:
        if pool.pool_id not in self._rows:
            self._rows[pool.pool_id] = pool_rows(pool)
        return self._rows[pool.pool_id]


def pool_rows(pool: Pool) -> PoolRows:
    """Reduce a pool to what selection looks at."""
    return PoolRows(
        pool_id=pool.pool_id,
        label=pool.label,
        source=pool.source,
        image_ids=pool.table["image_id"].to_pylist(),
        classes=pool.table["class"].to_pylist(),
        pairs=pool.table["pair"].to_pylist(),
    )


def ancestors(fit: Fit, fits: Mapping[str, Fit]) -> Iterator[Fit]:
    """Yield the fits whose weights a fit descends from, its parent first: it has seen their images.

    Args:
        fit: of an experiment.
        fits: all of them, or with each fit its ancestors, by id.
    """
    while fit.parent is not None:
        fit = fits[fit.parent]
        yield fit


class TrainedClasses:
    """The classes of the images that each fit has seen: its own and those of its ancestors."""

    def __init__(self, fits: Mapping[str, Fit]) -> None:
        self._fits = fits
        self._made: dict[tuple[Any, ...], frozenset[str]] = {}

    def of(self, fit: Fit) -> frozenset[str]:
        """Return the classes; "" among them where some images state none, or are not known.

        The latter are those that given weights were trained on, elsewhere.
        """
        if fit.training is None or fit.selection is None:
            return frozenset({""})
        key = fit.training.key
        if key not in self._made:
            self._made[key] = _classes(fit.training, fit.selection)
        begun_with = fit.weights or {}
        if fit.parent is not None:
            return self._made[key] | self.of(self._fits[fit.parent])
        return self._made[key] | ({""} if begun_with else frozenset())


def _classes(training: TrainingSet, selection: Selection) -> frozenset[str]:
    pools = [*training.pools, *training.validation_pools]
    found: set[str] = set()
    for rows in (selection.train, selection.validation):
        for index in np.unique(rows.pools):
            ranks = pa.array(rows.ranks[rows.pools == index])
            found.update(pc.unique(pools[index].table["class"].take(ranks)).to_pylist())
    return frozenset(found)
