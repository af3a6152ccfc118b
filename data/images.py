"""Rows of images as a detector asks for them: the i-th image's pixels, its label, its id."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.decode import decode
from data.decoded.feature_rows import FeatureRows
from data.decoded.prefix import split
from data.decoded.shared_rows import SharedRows
from data.pipelines import Image
from data.view import View

_AS_DECODED = View()


class DecodedCache:
    """Decoded images in a process's own memory, in front of those that its node shares on disk.

    What comes first stays until it is dropped: under a shuffled order, discarding the least
    recently used hits far less often than keeping a fixed part. The arrays are read-only.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used_bytes = 0
        self._images: dict[tuple[str, str], Image] = {}
        self._lock = threading.Lock()

    def get(self, image_id: str, kept: View = _AS_DECODED) -> Image | None:
        """What a view made of an image, if it is here."""
        return self._images.get((image_id, kept.canonical))

    def put(self, image_id: str, image_HWC: Image, kept: View = _AS_DECODED) -> None:
        """Keep what a view made of an image if there is room."""
        key = image_id, kept.canonical
        with self._lock:
            if key in self._images or self.used_bytes + image_HWC.nbytes > self.max_bytes:
                return
            self._images[key] = image_HWC
            self.used_bytes += image_HWC.nbytes

    def retain(self, image_ids: Collection[str]) -> None:
        """Drop all images but these."""
        wanted = frozenset(image_ids)
        with self._lock:
            self._images = {key: image for key, image in self._images.items() if key[0] in wanted}
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
        cache: of this process; None keeps nothing.
        pixels: of each file as stored, shape (n,), or None; with it more of the small ones are
            decoded ahead.
        shared: where the node keeps them decoded; None where it does not.
        features: where it keeps what frozen backbones make of them; None where it does not.
    """

    image_ids: Sequence[str]
    labels: npt.NDArray[np.int8]
    paths: Sequence[str | Path]
    cache: DecodedCache | None = None
    pixels: npt.NDArray[np.int64] | None = None
    shared: SharedRows | None = None
    features: FeatureRows | None = None

    def __post_init__(self) -> None:
        if not len(self.image_ids) == len(self.labels) == len(self.paths):
            raise ValueError(
                f"{len(self.image_ids)} image ids, {len(self.labels)} labels and "
                f"{len(self.paths)} paths were given; give one of each per image."
            )

    def __len__(self) -> int:
        return len(self.image_ids)

    def taken(self, indices: npt.NDArray[np.int64]) -> "ImageRows":
        """Some of the rows, in the order of `indices`."""
        return ImageRows(
            [self.image_ids[index] for index in indices],
            self.labels[indices],
            [self.paths[index] for index in indices],
            self.cache,
            None if self.pixels is None else self.pixels[indices],
            None if self.shared is None else self.shared.taken(indices),
            None if self.features is None else self.features.taken(indices),
        )

    def load(self, index: int) -> Image:
        """The pixels of one image as decoded: read-only uint8 RGB of shape (height, width, 3).

        Raises:
            UnreadableImage: the file is no whole image that is taken here.
            ImageChanged: the file no longer holds the image of that id.
            OSError: the file could not be read.
        """
        return self._kept(index, _AS_DECODED)

    def viewed(self, index: int, view: View, rng: np.random.Generator | None = None) -> Image:
        """What a view makes of one image, contiguous; see `strided`."""
        return np.ascontiguousarray(self.strided(index, view, rng))

    def strided(self, index: int, view: View, rng: np.random.Generator | None = None) -> Image:
        """What a view makes of one image, perhaps with gaps: whoever copies it anyway does so once.

        What does not change with `rng` is made once. A kept image is the one that was indexed, by
        its id, whatever its file holds by now: files are looked at when a plan is made.

        Raises:
            UnreadableImage, ImageChanged, OSError: as `load`, where it has to be decoded.
            PipelineError: the view refuses the image.
        """
        kept, rest = split(view, is_test=rng is None)
        image_HWC = self._kept(index, kept)
        return rest.strided(image_HWC, self.image_ids[index], int(self.labels[index]), rng)

    def _kept(self, index: int, kept: View) -> Image:
        image_id = self.image_ids[index]
        image_HWC = self.cache.get(image_id, kept) if self.cache is not None else None
        if image_HWC is not None:
            return image_HWC
        if self.shared is not None:
            image_HWC = self.shared.read(index, kept)
        if image_HWC is None:
            decoded_HWC = decode(self.paths[index], image_id)
            image_HWC = kept(decoded_HWC, image_id, int(self.labels[index]))
            if self.shared is not None:
                self.shared.write(index, kept, image_HWC)
        image_HWC.setflags(write=False)
        if self.cache is not None:
            self.cache.put(image_id, image_HWC, kept)
        return image_HWC
