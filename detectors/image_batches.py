"""The images of rows as batches of equal sizes, with those that cannot be had noted.

H/W pixels, C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch

from data.image_files import ImageTooLarge, UnreadableImage
from data.operations import PipelineError
from detectors.batches import in_order
from detectors.loader_cpus import loader_threads
from detectors.memory_account import MemoryAccount

if TYPE_CHECKING:
    from data.images import ImageRows
    from data.view import View

Image = npt.NDArray[np.uint8]
# Bounds of memory. A batch has at most as many pixels as 64 images of 256 x 256; images of sizes
# that do not fill a batch wait until the sum of all that wait is this.
MOST_PIXELS_IN_BATCH = 64 * 256 * 256
MOST_PIXELS_WAITING = 4 * MOST_PIXELS_IN_BATCH
ROWS_PER_JOB = 16
"""Rows that a thread decodes in one go, while they have no more pixels than a batch may."""


class Stopped(Exception):
    """The caller's `stop` said so; nothing of the result is given."""


@dataclass
class ImageBatches:
    """Gives batches of images, and keeps what was found wrong with others.

    Attributes:
        rows: images; also with undecodable ones.
        view: what is done to each image.
        batch_size: upper bound.
        device: that the images are for.
        account: of its memory and the process's.
        unreadable: whether the first image at fault is to end it all, see `predict`.
        stop: looked at before each batch.
        faults: row and reason of what could not be had, with `unreadable: null`.
    """

    rows: ImageRows
    view: View
    batch_size: int
    device: torch.device
    account: MemoryAccount
    unreadable: Literal["null", "raise"] = "null"
    stop: Callable[[], bool] | None = None
    faults: list[tuple[int, str]] = field(default_factory=list)
    _raised: list[UnreadableImage] = field(default_factory=list)

    def of(self, indices: Sequence[int]) -> Iterator[tuple[list[int], list[Image]]]:
        """Batches of one size: a size's images wait until they fill one or memory is short.

        Rows come in their order, so the first fault is that of the lowest row. Once there was one
        that is to end it all, the rest is only looked through.

        Raises:
            Stopped: see `stop`.
        """
        for batch in self._by_size(indices):
            if self.stop is not None and self.stop():
                raise Stopped
            yield batch

    def raise_what_was_found(self) -> None:
        """Raise the first image at fault, which carries the others, where that ends it all."""
        if self._raised:
            self._raised[0].add_others(self._raised[1:])
            raise self._raised[0]

    def _by_size(self, indices: Sequence[int]) -> Iterator[tuple[list[int], list[Image]]]:
        account = self.account
        waiting: dict[tuple[int, int], tuple[list[int], list[Image]]] = {}
        pixels_waiting = 0
        for index, image in self._loaded(indices):
            height, width = image.shape[:2]
            pixels = height * width
            some, images = waiting.setdefault((height, width), ([], []))
            some.append(index)
            images.append(image)
            pixels_waiting += pixels
            most = max(1, min(self.batch_size, MOST_PIXELS_IN_BATCH // pixels))
            if len(images) >= account.most_images(height, width, most):
                full = (height, width)
            elif pixels_waiting > MOST_PIXELS_WAITING:
                full = max(waiting, key=lambda size: size[0] * size[1] * len(waiting[size][0]))
            else:
                continue
            pixels_waiting -= full[0] * full[1] * len(waiting[full][0])
            yield waiting.pop(full)
        if not self._raised:
            yield from waiting.values()

    def _loaded(self, indices: Sequence[int]) -> Iterator[tuple[int, Image]]:
        """Rows and their images in order, up to the first fault that ends it all."""

        def load(job: Sequence[int]) -> list[tuple[int, Image | UnreadableImage]]:
            return [(index, self._image_or_fault(index)) for index in job]

        jobs = decoding_jobs(indices, self.rows.pixels)
        for loaded in in_order(load, jobs, loader_threads(self.device)):
            if self._raised and self.stop is not None and self.stop():
                return  # what is known by now is said
            for index, image in loaded:
                if not isinstance(image, UnreadableImage):
                    reason = self.account.too_large_to_score(*image.shape[:2])
                    if reason:
                        path, image_id = self.rows.paths[index], self.rows.image_ids[index]
                        image = ImageTooLarge(path, reason, image_id)
                if not isinstance(image, UnreadableImage):
                    if not self._raised:
                        yield index, image
                elif self.unreadable == "raise":
                    self._raised.append(image)
                else:
                    self.faults.append((index, image.reason))

    def _image_or_fault(self, index: int) -> Image | UnreadableImage:
        rows = self.rows
        pixels = 0 if rows.pixels is None else int(rows.pixels[index])
        reason = self.account.too_large_to_prepare(pixels)
        if reason:
            return ImageTooLarge(rows.paths[index], reason, rows.image_ids[index])
        try:
            with self.account.preparing(pixels):
                return rows.viewed(index, self.view)
        except UnreadableImage as error:
            return error
        except PipelineError as error:
            error.add_note(f"image {rows.image_ids[index]}")
            raise


def decoding_jobs(
    indices: Sequence[int], pixels: npt.NDArray[np.int64] | None
) -> Iterator[Sequence[int]]:
    """Consecutive rows that are decoded in one go.

    Several jobs are decoded ahead of the network, so large photographs, and images whose size is
    not known, go one by one.

    Args:
        indices: rows.
        pixels: of every image as stored, where that is known.
    """
    start, pixels_in_job = 0, 0
    for place, index in enumerate(indices):
        own = MOST_PIXELS_IN_BATCH if pixels is None else int(pixels[index])
        is_full = place - start == ROWS_PER_JOB or pixels_in_job + own > MOST_PIXELS_IN_BATCH
        if place > start and is_full:
            yield indices[start:place]
            start, pixels_in_job = place, 0
        pixels_in_job += own
    if start < len(indices):
        yield indices[start:]
