"""Images of a store, small: found where any run has found them, proved by their bytes."""

from __future__ import annotations

import base64
import io

import PIL.Image

from data.decode import ImageChanged, UnreadableImage, decode
from grid.records.places import files_of
from grid.records.pools.file_tables import read_files
from grid.records.proven.checksums import CorruptRecord
from grid.store.base import Store
from grid.store.errors import StoreMissing
from launch.gallery.mistakes import Mistake

SIDE_PX = 160
QUALITY = 80


class Thumbnails:
    """Thumbnails as data URIs, each made once, up to a bound of bytes in all.

    Attributes:
        full: whether one was left out because there was no room.
        absent: ids of images whose files are not at hand.
    """

    def __init__(self, store: Store, most_bytes: int) -> None:
        self.full = False
        self.absent: set[str] = set()
        self._store, self._left = store, most_bytes
        self._paths: dict[str, list[list[str]]] = {}
        self._made: dict[str, str] = {}

    def of(self, mistake: Mistake) -> str:
        """Return a data URI, "" where the image is not at hand or there is no room for it."""
        if mistake.image_id not in self._made:
            self._made[mistake.image_id] = self._thumbnail(mistake)
        found = self._made[mistake.image_id]
        if len(found) > self._left:
            self.full = True
            return ""
        self._left -= len(found)  # a page repeats what it shows twice
        return found

    def _thumbnail(self, mistake: Mistake) -> str:
        for paths in self._tables(mistake.pool_id):
            try:
                image_HWC = decode(paths[mistake.rank], mistake.image_id)
            except (OSError, ImageChanged, UnreadableImage, IndexError):
                continue
            return _as_uri(PIL.Image.fromarray(image_HWC))
        self.absent.add(mistake.image_id)
        return ""

    def _tables(self, pool_id: str) -> list[list[str]]:
        """The paths of a pool's images, by their ranks, as each run found them."""
        if pool_id not in self._paths:
            found = []
            for key in self._store.list(files_of(pool_id)):
                try:
                    found.append(read_files(self._store, key)["path"].to_pylist())
                except (StoreMissing, CorruptRecord):
                    continue
            self._paths[pool_id] = found
        return self._paths[pool_id]


def _as_uri(image: PIL.Image.Image) -> str:
    """Shrink an image, or enlarge a small one by whole pixels, and code it as WebP."""
    longer = max(image.size)
    if longer > SIDE_PX:
        image.thumbnail((SIDE_PX, SIDE_PX), PIL.Image.Resampling.LANCZOS)
    elif times := SIDE_PX // longer:
        size = (image.width * times, image.height * times)
        image = image.resize(size, PIL.Image.Resampling.NEAREST)
    content = io.BytesIO()
    image.save(content, format="WEBP", quality=QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(content.getvalue()).decode()}"
