"""The images that somebody names: files, and folders with whatever lies in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.folder_walk import files_below
from data.image_files import UnreadableImage, facts_of
from data.image_sources import opened_image
from data.images import DecodedCache, ImageRows

NO_LABEL = 0
"""What an equalisation is told of an image whose class nobody knows: that it is real."""


@dataclass(frozen=True)
class GivenImage:
    """A file that was named, by itself or by its folder.

    Attributes:
        path: as it was given, below a folder with its place there.
        image_id: of its bytes, "" where they could not be read.
        height: in pixels, as stored.
        width: in pixels, as stored.
        reason: why it cannot be scored, "" where its header says nothing against it.
    """

    path: str
    image_id: str = ""
    height: int = 0
    width: int = 0
    reason: str = ""


def given_images(paths: Sequence[Path]) -> list[GivenImage]:
    """Read the header of each file; folders are walked, their texts and archives passed over.

    A file that is named by itself is never passed over.
    """
    return [_looked_at(file) for path in paths for file in _files(path)]


def rows_of(images: Sequence[GivenImage], cache: DecodedCache | None = None) -> ImageRows:
    """Return images as a detector asks for them; what they are labelled means nothing."""
    return ImageRows(
        image_ids=[image.image_id for image in images],
        labels=np.full(len(images), NO_LABEL, np.int8),
        paths=[image.path for image in images],
        cache=cache,
        pixels=np.array([image.height * image.width for image in images], np.int64),
    )


def _files(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield str(path)
        return
    for name in files_below(path, "", Counter()):
        yield str(path / name)


def _looked_at(file: str) -> GivenImage:
    try:
        with opened_image(file) as content:
            facts = facts_of(content, file)
    except UnreadableImage as error:
        return GivenImage(file, reason=error.reason)
    except OSError as error:
        return GivenImage(file, reason=error.strerror or str(error))
    return GivenImage(file, facts.image_id, facts.height, facts.width)
