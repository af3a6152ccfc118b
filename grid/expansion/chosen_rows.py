"""Row selections of training sets, each made once, and the classes that are in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from data.pools import Pool
from data.selection import PoolRows, Selection, select
from data.unseen_validation import without_trained
from grid.records.table_lists import kept_by
from grid.records.weights_origin import stated_training
from grid.sources.training_sets import TrainingSet

if TYPE_CHECKING:
    from grid.expansion.fits import Fit


class Selections:
    """Row selections, each made once: seeds and sweeps share their training images.

    `fits` are those of the experiment so far, by id; parents come before their children.
    `left_out` are ids of images that none of them trains or is validated on.
    """

    def __init__(self, fits: Mapping[str, Fit], left_out: Collection[str] = ()) -> None:
        self._fits = fits
        self._left_out = left_out
        self._rows: dict[tuple[str, str], PoolRows] = {}
        self._made: dict[tuple[Any, ...], Selection] = {}
        self._apart: dict[tuple[Any, ...], Selection] = {}

    def of(self, training: TrainingSet, parent: Fit | None, equalise: str = "none") -> Selection:
        """Return the training and validation rows of a training set.

        Where training begins with a parent's weights, validation leaves out what these were
        trained on. What the equalise leaves out is in neither.

        Raises:
            SelectionError: the pools cannot follow the rule, or nothing is left to validate on.
        """
        line = () if parent is None else (parent, *ancestors(parent, self._fits))
        before = [fit for fit in line if fit.training is not None]
        if not before:
            return self._whole(training, equalise)
        key = (
            training.key,
            equalise,
            *(fit.training.key for fit in before if fit.training is not None),
        )
        if key not in self._apart:
            trained = {
                i
                for fit in before
                if fit.selection is not None
                for i in fit.selection.train.image_ids
            }
            self._apart[key] = without_trained(self._whole(training, equalise), trained)
        return self._apart[key]

    def _whole(self, training: TrainingSet, equalise: str) -> Selection:
        key = training.key, equalise
        if key not in self._made:
            self._made[key] = select(
                [self._of_pool(p, equalise) for p in training.pools],
                training.rule,
                [self._of_pool(p, equalise) for p in training.validation_pools],
                self._left_out,
            )
        return self._made[key]

    def _of_pool(self, pool: Pool, equalise: str) -> PoolRows:
        key = pool.key, equalise
        if key not in self._rows:
            self._rows[key] = pool_rows(pool, equalise)
        return self._rows[key]


def pool_rows(pool: Pool, equalise: str = "none") -> PoolRows:
    """Reduce a pool to what selection looks at, through an equalise."""
    return PoolRows(
        pool_id=pool.pool_id,
        label=pool.label,
        source=pool.source,
        image_ids=pool.ids,
        classes=pool.table["class"],
        pairs=pool.table["pair"],
        kept=kept_by(equalise, pool.label, pool.table),
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


def line_in_words(fit: Fit, fits: Mapping[str, Fit]) -> str:
    """Return the training sets of a fit and of its ancestors, each once: `B after A`."""
    line = (fit, *ancestors(fit, fits))
    labels = dict.fromkeys(each.training.label for each in line if each.training is not None)
    return " after ".join(labels)


class TrainedClasses:
    """The classes of the images that each fit has seen: its own and those of its ancestors."""

    def __init__(self, fits: Mapping[str, Fit]) -> None:
        self._fits = fits
        self._made: dict[tuple[Any, ...], frozenset[str]] = {}

    def of(self, fit: Fit) -> frozenset[str]:
        """Return the classes; "" among them where some images state none, or are not known.

        The latter are those that given weights were trained on, elsewhere, unless it was stated.
        """
        if fit.training is None or fit.selection is None:
            return _stated_classes(fit)
        key = fit.training.key
        if key not in self._made:
            self._made[key] = _classes(fit.training, fit.selection)
        if fit.parent is not None:
            return self._made[key] | self.of(self._fits[fit.parent])
        return self._made[key] | (_stated_classes(fit) if fit.weights else frozenset())


def _stated_classes(fit: Fit) -> frozenset[str]:
    stated = stated_training(fit.weights)
    return frozenset(stated.get("classes", [""]) if stated is not None else [""])


def _classes(training: TrainingSet, selection: Selection) -> frozenset[str]:
    pools = [*training.pools, *training.validation_pools]
    columns = [pool.table["class"].combine_chunks() for pool in pools]
    # One number for (pool, class), of the rows of all pools below each other.
    words = np.cumsum([0, *(len(column.dictionary) for column in columns)])
    starts = np.cumsum([0, *map(len, pools)])
    coded = [
        column.indices.to_numpy() + first for column, first in zip(columns, words, strict=False)
    ]
    number = np.concatenate([np.zeros(0, np.int64), *coded])
    used = np.zeros(words[-1], bool)
    for rows in (selection.train, selection.validation):
        used[number[starts[rows.pools] + rows.ranks]] = True
    found: set[str] = set()
    for column, first, end in zip(columns, words, words[1:], strict=False):
        found.update(column.dictionary.take(pa.array(np.flatnonzero(used[first:end]))).to_pylist())
    return frozenset(found)
