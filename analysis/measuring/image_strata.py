"""What tells the images of a pool apart besides their label: format, size, quality, class, source.

Read from manifests, which are in the order of the scores. A stratum is told by its name and is the
same in every pool: "PNG", "129 to 256 px", "JPEG quality 90 to 94".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from grid.records.experiments import PoolRecord
from grid.records.pools.manifests import read_pool
from grid.records.pools.quality_words import quality_in_words
from grid.store.base import Store

if TYPE_CHECKING:
    import pyarrow as pa

Codes = npt.NDArray[np.int32]

AXES = ("format", "size", "quality", "class", "real_source")
AXES_IN_WORDS = {
    "format": "file format",
    "size": "shorter side",
    "quality": "JPEG quality",
    "class": "class",
    "real_source": "real source",
}
NOT_STATED = "not stated"
EVERY = -1
"""The code of an image that is of every stratum: a fake has no real source."""
# The largest shorter side of each bin but the last, in pixels.
_SIZES = (64, 128, 256, 512, 1024)
_COLUMNS = ("label", "width", "height", "format", "jpeg_tables", "class", "real_set")


class ImageStrata:
    """The strata of a store's images, by pool; codes are numbers of names, shared by all pools."""

    def __init__(self, store: Store, pools: Mapping[str, PoolRecord]) -> None:
        self._store, self._pools = store, pools
        self._numbers: dict[str, dict[str, int]] = {axis: {} for axis in AXES}
        self._codes: dict[str, dict[str, Codes]] = {}

    def names(self, axis: str) -> list[str]:
        """Return the names of an axis' strata by code, of the pools that were asked for."""
        return list(self._numbers[axis])

    def of(self, pool_id: str) -> dict[str, Codes]:
        """Return the stratum of each image of a pool, (n,), by axis.

        Raises:
            StoreError: its manifest is not there, or damaged.
        """
        if pool_id not in self._codes:
            table = read_pool(self._store, pool_id, _COLUMNS)
            self._codes[pool_id] = {
                "format": self._coded("format", table["format"]),
                "size": self._sizes(table),
                "quality": self._coded("quality", table["jpeg_tables"], quality_in_words),
                "class": self._coded("class", table["class"]),
                "real_source": self._sources(pool_id, table),
            }
        return self._codes[pool_id]

    def _coded(self, axis: str, column: pa.ChunkedArray, name: Any = None) -> Codes:
        """Number the values of a column by their names; `name` makes one of a value."""
        import pyarrow as pa

        texts = column.cast(pa.string()).combine_chunks()
        encoded = texts.dictionary_encode(null_encoding="encode")
        values = encoded.dictionary.to_pylist()
        names = [name(value) if name is not None else value or NOT_STATED for value in values]
        codes = np.asarray([self._number(axis, each) for each in names], np.int32)
        return codes[encoded.indices.to_numpy()] if len(texts) else np.empty(0, np.int32)

    def _sizes(self, table: pa.Table) -> Codes:
        import pyarrow.compute as pc

        shorter = pc.min_element_wise(table["width"], table["height"], skip_nulls=False)
        known = pc.fill_null(shorter, 0).to_numpy()
        edges = (0, *_SIZES)
        names = [f"{low + 1} to {high} px" for low, high in zip(edges, _SIZES, strict=False)]
        names = [NOT_STATED, f"up to {_SIZES[0]} px", *names[1:], f"above {_SIZES[-1]} px"]
        bins = np.where(known > 0, np.searchsorted(_SIZES, known, side="left") + 1, 0)
        codes = np.full(len(names), EVERY, np.int32)
        for n in np.unique(bins):  # a bin without images is no stratum
            codes[n] = self._number("size", names[n])
        return codes[bins]

    def _sources(self, pool_id: str, table: pa.Table) -> Codes:
        if 1 in table["label"][:1].to_pylist():  # a pool has one label
            return np.full(table.num_rows, EVERY, np.int32)
        pool = self._pools.get(pool_id)
        instead = pool["source"] if pool is not None else NOT_STATED
        return self._coded("real_source", table["real_set"], lambda value: value or instead)

    def _number(self, axis: str, name: str) -> int:
        return self._numbers[axis].setdefault(name, len(self._numbers[axis]))
