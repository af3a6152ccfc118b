"""Which rows of a pool a test set counts.

Each image once, of the classes that it asks for, and none that its equalise leaves out. And which
of its reals are kept apart where a threshold is set on reals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grid.records.experiments import NOT_TRAINED_CLASSES, Cell
from grid.records.pools.manifests import read_pool
from grid.records.table_lists import kept_of_pool
from grid.store.base import Store

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.selecting.selection import StoreSelection

Mask = npt.NDArray[np.bool_]


class UnknownClasses(ValueError):
    """It is not known which classes a fit was trained on, and a test set asks for the others."""


@dataclass(frozen=True)
class ClassFilter:
    """Which rows of a pool count, by their class; a row without a class never does.

    `names` are the classes that count, or, with `but`, those that do not.
    """

    names: tuple[str, ...]
    but: bool = False

    def mask(self, class_N: pa.ChunkedArray) -> Mask:
        """Return which rows count, (N,)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        stated = pc.not_equal(class_N, "")
        named = pc.is_in(class_N, value_set=pa.array(self.names, pa.string()))
        mask: Mask = pc.and_(stated, pc.invert(named) if self.but else named).to_numpy()
        return mask


def class_filter(cell: Cell, selection: StoreSelection) -> ClassFilter | None:
    """Return the filter of a cell's test set, for its fit; None where all rows count.

    Raises:
        UnknownClasses: see there.
    """
    classes = cell.record["classes"]
    if classes is None:
        return None
    if classes != NOT_TRAINED_CLASSES:
        return ClassFilter(tuple(classes))
    train = (selection.fits.get(cell.fit_id) or selection.ensembles[cell.fit_id])["train"]
    trained = train.get("classes", [""]) if train is not None else [""]
    if "" in trained:
        raise UnknownClasses("it is not known which classes its fit was trained on")
    return ClassFilter(tuple(trained), but=True)


class RowMasks:
    """Masks over the rows of pools, read from their manifests, each made once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._columns: dict[tuple[str, str], pa.ChunkedArray] = {}
        self._firsts: dict[tuple[str, ...], list[Mask]] = {}
        self._masks: dict[tuple[object, ...], list[Mask | None]] = {}
        self._apart: dict[str, Mask] = {}

    def of(
        self,
        pool_ids: Sequence[str],
        wanted: ClassFilter | None,
        label: int,
        equalise: str = "none",
    ) -> list[Mask | None]:
        """Return a mask for each pool of one side of a test set; None where every row counts.

        Collections of photographs overlap: an image that an earlier pool holds does not count
        again.

        Args:
            pool_ids: of the side.
            wanted: the classes that count.
            label: of the side, 0 real and 1 fake.
            equalise: of the cell; what it leaves out does not count.
        """
        key = (tuple(pool_ids), wanted, label, equalise)
        if key not in self._masks:
            firsts = self._first_seen(tuple(pool_ids))
            self._masks[key] = [
                _all_of(
                    None if wanted is None else wanted.mask(self._column(pool_id, "class")),
                    firsts[place] if place else None,
                    kept_of_pool(self._store, pool_id, label, equalise),
                )
                for place, pool_id in enumerate(pool_ids)
            ]
        return self._masks[key]

    def sets_threshold(self, pool_id: str) -> Mask:
        """Return which images of a pool of reals set a threshold, the others being measured, (N,).

        Those whose image_id, a digest in hexadecimal digits, ends on a digit up to 7: in SQL
        `right(image_id, 1) < '8'`. So a photograph is on the same side for every fit and test set.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        if pool_id not in self._apart:
            last = pc.utf8_slice_codeunits(self._column(pool_id, "image_id"), -1)
            chosen = pc.is_in(last, value_set=pa.array(list("01234567"), pa.string()))
            self._apart[pool_id] = chosen.to_numpy()
        return self._apart[pool_id]

    def _first_seen(self, pool_ids: tuple[str, ...]) -> list[Mask]:
        """Return, for each of several pools, which of its images no earlier one of them holds."""
        import pyarrow as pa

        if len(pool_ids) < 2:
            return []
        if pool_ids not in self._firsts:
            columns = [self._column(each, "image_id") for each in pool_ids]
            chunks = [chunk for column in columns for chunk in column.chunks]
            coded = pa.chunked_array(chunks, pa.string()).dictionary_encode().chunks
            codes = np.concatenate(
                [np.empty(0, np.int32), *(chunk.indices.to_numpy() for chunk in coded)]
            )
            # Codes are given in the order of first appearance: a new image has a new highest one.
            highest = np.maximum.accumulate(codes)
            is_new = np.concatenate([[True], highest[1:] > highest[:-1]])[: len(codes)]
            ends = np.cumsum([len(column) for column in columns])
            self._firsts[pool_ids] = np.split(is_new, ends[:-1])
        return self._firsts[pool_ids]

    def _column(self, pool_id: str, name: str) -> pa.ChunkedArray:
        if (pool_id, name) not in self._columns:
            found = read_pool(self._store, pool_id, [name])[name]
            self._columns[pool_id, name] = found.cast("string").fill_null("")
        return self._columns[pool_id, name]


def _all_of(*masks: Mask | None) -> Mask | None:
    """Return which rows all masks leave; None where there is no mask."""
    given = [mask for mask in masks if mask is not None]
    return np.logical_and.reduce(given) if given else None
