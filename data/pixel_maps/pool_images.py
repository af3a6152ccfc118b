"""Some images of a pool, decoded, cropped alike and measured, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from data.decode import UnreadableImage, decode
from data.pipelines import Image, TooSmall
from data.pools import Pool, limit
from data.view import View

THREADS = 4
_AT_ONCE = 64
_SALT = "artifact pixels"

Value = TypeVar("Value")


@dataclass(frozen=True)
class ImageMeasure(Generic[Value]):
    """What is measured of one image; None where it does not decode or is too small."""

    image_id: str
    value: Value | None
    is_too_small: bool = False


def drawn(pool: Pool, images: int) -> Pool:
    """Return the images of a pool with the lowest hash, in the pool's order; all if it has fewer.

    More images are those drawn before and others.
    """
    return limit(pool, images, _SALT)


def each_image(
    pool: Pool, root: Path, view: View, measure: Callable[[Image], Value]
) -> Iterator[ImageMeasure[Value]]:
    """Yield what is measured of each image of a pool, in the pool's order, by a few threads.

    Args:
        pool: the images, all of them.
        root: that its paths are relative to.
        view: what is done to each before it is measured.
        measure: uint8 RGB of shape (H, W, 3) -> the value.

    Raises:
        ImageChanged: a file is no longer what was indexed.
        OSError: a file could not be read, which says nothing about the image.
    """

    def one(image_id: str, path: str) -> ImageMeasure[Value]:
        try:
            image_HWC = decode(root / path, image_id)
        except UnreadableImage:
            return ImageMeasure(image_id, None)
        try:
            seen_HWC = view(image_HWC, image_id, pool.label)
        except TooSmall:
            return ImageMeasure(image_id, None, is_too_small=True)
        return ImageMeasure(image_id, measure(seen_HWC))

    ids, paths = (_texts(pool, name) for name in ("image_id", "path"))
    with ThreadPoolExecutor(THREADS, "pixels") as threads:
        for start in range(0, len(ids), _AT_ONCE):  # else all results wait for a slow one
            part = slice(start, start + _AT_ONCE)
            yield from threads.map(one, ids[part], paths[part])


def _texts(pool: Pool, name: str) -> Sequence[str]:
    texts: list[str] = pool.table[name].to_pylist()
    return texts
