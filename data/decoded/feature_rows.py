"""Features of images on a node's disk: what a frozen backbone makes of them, kept as slabs are.

A row's features are the bytes of an image of one line. Everything of a slab holds for them: bounds,
checksums, holes, several writers, full disks.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.decoded.shelf import SlabShelf
from data.decoded.slab import Sizes, Slab
from data.decoded.slab_key import decoder, named
from data.view import View

LAYOUT = 1
"""Raise it when the same name would mean other numbers."""

Features = npt.NDArray[np.float32]
"""Of one image, shape (F,)."""


@dataclass(frozen=True)
class FeatureMaker:
    """What features depend on beside the image.

    Attributes:
        view: of the images, augmentation included.
        draw: which of the repeated draws, where the view draws.
        facts: of the backbone, the device and the libraries, sorted pairs.
        num_features: F.
    """

    view: View
    draw: int | None
    facts: tuple[tuple[str, str], ...]
    num_features: int


@dataclass(frozen=True)
class FeatureKey:
    """The features of a pool's images."""

    pool_id: str
    maker: FeatureMaker

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        """All that is in the name."""
        return {
            "features": LAYOUT,
            "pool_id": self.pool_id,
            "view": self.maker.view.canonical,
            "operations": self.maker.view.versions,
            "draw": self.maker.draw,
            "num_features": self.maker.num_features,
            **dict(self.maker.facts),
            **decoder(),
        }

    @functools.cached_property
    def file_name(self) -> str:
        """The pool and the digest of the facts."""
        return named(self.pool_id, self.facts)


class FeatureRows:
    """Rows of pools, and the slabs that hold their features.

    Args:
        shelf: the node's slabs of features.
        pools: pool_id and number of images of each pool that the rows are of.
        pool_of_row, rank_of_row: place in `pools`, and rank in the pool, shape (n,).
        image_ids: of each row.
    """

    def __init__(
        self,
        shelf: SlabShelf,
        pools: Sequence[tuple[str, int]],
        pool_of_row: npt.NDArray[np.int64],
        rank_of_row: npt.NDArray[np.int64],
        image_ids: Sequence[str],
    ) -> None:
        self._shelf, self._pools = shelf, pools
        self._pool_of_row, self._rank_of_row = pool_of_row, rank_of_row
        self._image_ids = image_ids

    def taken(self, indices: npt.NDArray[np.int64]) -> FeatureRows:
        """Some of the rows, in the order of `indices`."""
        return FeatureRows(
            self._shelf,
            self._pools,
            self._pool_of_row[indices],
            self._rank_of_row[indices],
            [self._image_ids[index] for index in indices],
        )

    def read(self, row: int, maker: FeatureMaker) -> Features | None:
        """The kept features of a row, proved; None where they have to be made."""
        slab = self._slab(row, maker)
        if slab is None:
            return None
        line_HWC = self._shelf.read(slab, int(self._rank_of_row[row]), self._image_ids[row])
        if line_HWC is None:
            return None
        return line_HWC.reshape(-1)[: 4 * maker.num_features].view("<f4").astype(np.float32)

    def write(self, row: int, maker: FeatureMaker, features: Features) -> None:
        """Keep a row's features, where there is room."""
        slab = self._slab(row, maker)
        if slab is None:
            return
        line_HWC = np.zeros((1, _line_px(maker), 3), np.uint8)
        line_HWC.reshape(-1)[: 4 * maker.num_features] = features.astype("<f4").view(np.uint8)
        rank = int(self._rank_of_row[row])
        self._shelf.write(slab, rank, self._image_ids[row], line_HWC)

    def _slab(self, row: int, maker: FeatureMaker) -> Slab | None:
        pool_id, count = self._pools[self._pool_of_row[row]]

        def sizes() -> Sizes:
            return np.tile(np.array([1, _line_px(maker)], np.int32), (count, 1))

        return self._shelf.slab(_key(pool_id, maker), sizes)


def _line_px(maker: FeatureMaker) -> int:
    """Pixels of three bytes that hold the features, four bytes each."""
    return -(-4 * maker.num_features // 3)


@functools.lru_cache(maxsize=4096)
def _key(pool_id: str, maker: FeatureMaker) -> FeatureKey:
    return FeatureKey(pool_id, maker)  # one object per key, so that its name is digested once
