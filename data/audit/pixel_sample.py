"""A sample of a pool, decoded and measured: as it lies there, or as an equalise hands it on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data.audit.pixel_statistics import PixelStatistics, pixel_statistics
from data.decode import UnreadableImage, decode
from data.pools import Pool, limit
from data.view import View

THREADS = 4


class MeasuredImage(NamedTuple):
    """One image of a sample; without statistics where it does not decode, and why."""

    image_id: str
    path: str
    statistics: PixelStatistics | None
    reason: str = ""


def measured(
    pool: Pool,
    root: Path,
    images: int,
    view: View,
    progress: Callable[[int, int], None] | None = None,
) -> list[MeasuredImage]:
    """Measure the images of a pool with the lowest hash, in the pool's order.

    Args:
        pool: to draw from; a smaller one is measured whole.
        root: that its paths are relative to.
        images: how many to draw.
        view: what is done to each before it is measured.
        progress: called with (images done, images in all).

    Raises:
        ImageChanged: a file is no longer what was indexed.
        OSError: a file could not be read, which says nothing about the image.
        TooSmall: the view refuses an image of that size.
    """
    drawn = limit(pool, images, "audit pixels")
    ids, paths = (drawn.table[name].to_pylist() for name in ("image_id", "path"))

    def one(image_id: str, path: str) -> MeasuredImage:
        try:
            image_HWC = decode(root / path, image_id)
        except UnreadableImage as error:
            return MeasuredImage(image_id, path, None, error.reason)
        seen_HWC = view(image_HWC, image_id, pool.label, np.random.default_rng(0))
        return MeasuredImage(image_id, path, pixel_statistics(seen_HWC))

    found = []
    with ThreadPoolExecutor(THREADS, "audit") as threads:
        for each in threads.map(one, ids, paths):
            found.append(each)
            if progress is not None:
                progress(len(found), len(ids))
    return found
