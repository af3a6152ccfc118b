"""Which rows of a pool a test set counts: each image once, and of the classes that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grid.records import NOT_TRAINED_CLASSES, Cell, Store, read_pool

if TYPE_CHECKING:
    from analysis.selection import Selection

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

    def mask(self, class_N: npt.NDArray[np.str_]) -> npt.NDArray[np.bool_]:
        """Return which rows count, (N,)."""
        stated: npt.NDArray[np.bool_] = class_N != ""
        return stated & np.isin(class_N, np.asarray(self.names, dtype=str), invert=self.but)


def class_filter(cell: Cell, selection: Selection) -> ClassFilter | None:
    """Return the filter of a cell's test set, for its fit; None where all rows count.

    Raises:
        UnknownClasses: see there.
    """
    classes = cell.record["classes"]
    if classes is None:
        return None
    if classes != NOT_TRAINED_CLASSES:
        return ClassFilter(tuple(classes))
    train = selection.fits[cell.fit_id]["train"]
    trained = train.get("classes", [""]) if train is not None else [""]
    if "" in trained:
        raise UnknownClasses("it is not known which classes its fit was trained on")
    return ClassFilter(tuple(trained), but=True)


class RowMasks:
    """Masks over the rows of pools, read from their manifests, each made once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._columns: dict[tuple[str, str], npt.NDArray[np.str_]] = {}
        self._masks: dict[tuple[tuple[str, ...], ClassFilter | None], list[Mask | None]] = {}

    def of(self, pool_ids: Sequence[str], wanted: ClassFilter | None) -> list[Mask | None]:
        """Return a mask for each pool of one side of a test set; None where every row counts.

        Collections of photographs overlap: an image that an earlier pool holds does not count
        again.
        """
        key = (tuple(pool_ids), wanted)
        if key not in self._masks:
            self._masks[key] = [
                self._mask(pool_id, pool_ids[:place], wanted)
                for place, pool_id in enumerate(pool_ids)
            ]
        return self._masks[key]

    def _mask(
        self, pool_id: str, earlier: Sequence[str], wanted: ClassFilter | None
    ) -> Mask | None:
        mask = None if wanted is None else wanted.mask(self._column(pool_id, "class"))
        if earlier:
            before = np.concatenate([self._column(each, "image_id") for each in earlier])
            is_new = ~np.isin(self._column(pool_id, "image_id"), before)
            mask = is_new if mask is None else mask & is_new
        return mask

    def _column(self, pool_id: str, name: str) -> npt.NDArray[np.str_]:
        if (pool_id, name) not in self._columns:
            values = read_pool(self._store, pool_id, [name])[name].to_pylist()
            self._columns[pool_id, name] = np.asarray(values, dtype=str)
        return self._columns[pool_id, name]
