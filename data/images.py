"""Rows of images as a detector asks for them: the i-th image's pixels, its label, its id."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.decode import decode
from data.pipelines import Image


class DecodedCache:
    """Decoded images in memory, shared by all that is trained and tested in a process.

    What comes first stays until it is dropped: under a shuffled order, discarding the least
    recently used hits far less often than keeping a fixed part. The arrays are read-only.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used_bytes = 0
        self._images: dict[str, Image] = {}
        self._lock = threading.Lock()

    def get(self, image_id: str) -> Image | None:
        """The pixels of an image, if they are here."""
        return self._images.get(image_id)

    def put(self, image_id: str, image_HWC: Image) -> None:
        """Keep an image if there is room."""
        with self._lock:
            if image_id in self._images or self.used_bytes + image_HWC.nbytes > self.max_bytes:
                return
            self._images[image_id] = image_HWC
            self.used_bytes += image_HWC.nbytes

    def retain(self, image_ids: Collection[str]) -> None:
        """Drop all images but these."""
        wanted = frozenset(image_ids)
        with self._lock:
            self._images = {key: image for key, image in self._images.items() if key in wanted}
            self.used_bytes = sum(image.nbytes for image in self._images.values())

    def __len__(self) -> int:
        return len(self._images)


@dataclass(frozen=True)
class ImageRows:
    """Images in a fixed order.

    Attributes:
        image_ids: of each image.
        labels: 0 real, 1 fake, shape (n,).
        paths: of each file.
        cache: keeps what was decoded; None decodes every time.
        pixels: of each file as stored, shape (n,), or None; with it more of the small ones are
            decoded ahead.
    """

    image_ids: Sequence[str]
    labels: npt.NDArray[np.int8]
    paths: Sequence[str | Path]
    cache: DecodedCache | None = None
    pixels: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if not len(self.image_ids) == len(self.labels) == len(self.paths):
            raise ValueError(
                f"{len(self.image_ids)} image ids, {len(self.labels)} labels and "
                f"{len(self.paths)} paths were given; give one of each per image."
            )

    def __len__(self) -> int:
        return len(self.image_ids)

    def load(self, index: int) -> Image:
        """The pixels of one image: read-only uint8 RGB of shape (height, width, 3).

        Raises:
            UnreadableImage: the file is no whole image that is taken here.
            ImageChanged: the file no longer holds the image of that id.
            OSError: the file could not be read.
        """
        image_id = self.image_ids[index]
        if self.cache is not None:
            cached = self.cache.get(image_id)
            if cached is not None:
                return cached
        image_HWC = decode(self.paths[index], image_id)
        image_HWC.setflags(write=False)
        if self.cache is not None:
            self.cache.put(image_id, image_HWC)
        return image_HWC
