"""Rows of images, and where a node keeps each: which slab, which slot, and whether at all."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.decoded.shelf import SlabShelf
from data.decoded.slab import Sizes, Slab, slot_starts
from data.decoded.slab_key import SlabKey
from data.image_ids import draw, words
from data.operations import PipelineError
from data.pipelines import Image
from data.view import View

_PINNED = "kept decoded"
"""The salt of the draw that decides which part of more images than fit is kept."""


@dataclass(frozen=True, eq=False)
class PoolSizes:
    """A pool, with the sizes of its images as stored, by rank."""

    pool_id: str
    heights: npt.NDArray[np.int64]
    widths: npt.NDArray[np.int64]


class SharedRows:
    """Rows of pools, and the slabs that hold them.

    Of more images than there is room for, those with the lowest hash are kept and no others: the
    order of every epoch is drawn anew, so what was used least recently says nothing of what comes
    next, and a fixed half is found half of the time.

    Args:
        shelf: the node's slabs.
        pools: that the rows are of.
        pool_of_row, rank_of_row: place in `pools`, and rank in the pool, shape (n,).
        image_ids: of each row.
    """

    def __init__(
        self,
        shelf: SlabShelf,
        pools: Sequence[PoolSizes],
        pool_of_row: npt.NDArray[np.int64],
        rank_of_row: npt.NDArray[np.int64],
        image_ids: Sequence[str],
    ) -> None:
        self._shelf, self._pools = shelf, pools
        self._pool_of_row, self._rank_of_row = pool_of_row, rank_of_row
        self._image_ids = image_ids
        self._is_pinned: dict[View, npt.NDArray[np.bool_]] = {}

    def taken(self, indices: npt.NDArray[np.int64]) -> SharedRows:
        """Some of the rows, in the order of `indices`."""
        return SharedRows(
            self._shelf,
            self._pools,
            self._pool_of_row[indices],
            self._rank_of_row[indices],
            [self._image_ids[index] for index in indices],
        )

    def read(self, row: int, kept: View) -> Image | None:
        """The kept pixels of a row; None where they have to be made."""
        slab = self._slab(self._pools[self._pool_of_row[row]], kept)
        if slab is None:
            return None
        return self._shelf.read(slab, int(self._rank_of_row[row]), self._image_ids[row])

    def write(self, row: int, kept: View, image_HWC: Image) -> None:
        """Keep what `kept` made of a row's image, if it is of the part that is kept."""
        slab = self._slab(self._pools[self._pool_of_row[row]], kept)
        if slab is not None and self.pinned(kept)[row]:
            rank = int(self._rank_of_row[row])
            self._shelf.write(slab, rank, self._image_ids[row], image_HWC)

    def pinned(self, kept: View) -> npt.NDArray[np.bool_]:
        """Which rows are kept: all, or the part with the lowest hash for which there is room."""
        found = self._is_pinned.get(kept)
        if found is None:
            slabs = [self._slab(pool, kept) for pool in self._pools]
            own = [slab for slab in slabs if slab is not None]
            room = self._shelf.room_beside({slab.path.name for slab in own})
            room -= sum(slab.head_bytes for slab in own)
            found = pinned_part(self._image_ids, self._bytes_of_rows(kept), room)
            self._is_pinned[kept] = found
        return found

    def _slab(self, pool: PoolSizes, kept: View) -> Slab | None:
        sizes = functools.partial(result_sizes, pool, kept)
        return self._shelf.slab(_key(pool.pool_id, kept), sizes)

    def _bytes_of_rows(self, kept: View) -> npt.NDArray[np.int64]:
        by_rank = [np.diff(slot_starts(result_sizes(pool, kept))) for pool in self._pools]
        starts = np.concatenate([[0], np.cumsum([len(each) for each in by_rank])])
        every: npt.NDArray[np.int64] = np.concatenate([np.zeros(0, np.int64), *by_rank])
        return every[starts[self._pool_of_row] + self._rank_of_row]


def pinned_part(
    image_ids: Sequence[str], bytes_of_rows: npt.NDArray[np.int64], room: int
) -> npt.NDArray[np.bool_]:
    """Which rows to keep in so many bytes: the same images for everybody with the same room.

    Less room keeps a part of what more room does.
    """
    if int(bytes_of_rows.sum()) <= room:
        return np.ones(len(image_ids), bool)
    order = np.argsort(draw(words(image_ids), _PINNED), kind="stable")
    is_kept = np.zeros(len(image_ids), bool)
    is_kept[order] = np.cumsum(bytes_of_rows[order]) <= room
    return is_kept


def result_sizes(pool: PoolSizes, kept: View) -> Sizes:
    """The size of each image of a pool in a view, by rank; 0 x 0 where the view refuses it."""
    sizes = np.stack([pool.heights, pool.widths], axis=1)
    distinct, which = np.unique(sizes, axis=0, return_inverse=True)
    results = np.zeros((len(distinct), 2), np.int32)
    for place, (height, width) in enumerate(distinct.tolist()):
        try:
            results[place] = kept.result_size(height, width)
        except PipelineError:  # said by name when the image's turn comes
            continue
    return results[which.reshape(-1)]


@functools.lru_cache(maxsize=4096)
def _key(pool_id: str, kept: View) -> SlabKey:
    return SlabKey(pool_id, kept)  # one object per key, so that its name is digested once
