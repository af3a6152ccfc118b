"""Resizing as OpenCV does by default, for detectors whose official code does: no antialiasing.

Each pixel is interpolated between the four nearest ones, however far the image shrinks, so that
fine structure folds into coarse. OpenCV itself, whose weights have 11 bits, rounds to a
neighbouring grey level now and then.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from data.geometry import LARGEST_SIZE_PX, check_range, check_sizes
from data.pipelines import Apply, Image, operation


@operation("resize_cv2", kind="geometry")
def resize_cv2(height_px: int, width_px: int) -> Apply:
    """Squash to height and width, bilinear without antialiasing; that size passes as it is."""
    check_sizes((height_px, width_px))

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return interpolated(image_HWC, height_px, width_px)

    return apply


@operation("random_resolution", kind="geometry", is_random=True)
def random_resolution(smallest_px: int, largest_px: int, size_px: int) -> Apply:
    """Squash to a square of a random side, from smallest_px to largest_px, then to size_px.

    Bilinear without antialiasing, both times. GramNet's training: a texture is to be known at any
    resolution.
    """
    check_sizes((smallest_px, size_px))
    check_range("largest_px", largest_px, smallest_px, LARGEST_SIZE_PX)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        side = int(rng.integers(smallest_px, largest_px, endpoint=True))
        return interpolated(interpolated(image_HWC, side, side), size_px, size_px)

    return apply


def interpolated(image_HWC: Image, height: int, width: int) -> Image:
    """The image at another size, each pixel from the four nearest; itself when it has the size."""
    if image_HWC.shape[:2] == (height, width):
        return image_HWC
    rows_HWC = _between(image_HWC, *_neighbours(image_HWC.shape[0], height), axis=0)
    both_HWC = _between(rows_HWC, *_neighbours(image_HWC.shape[1], width), axis=1)
    return np.rint(both_HWC).astype(np.uint8)


def _neighbours(size_px: int, new_px: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """For each new position the pixel before it, and how far it is from there to the next."""
    position = (np.arange(new_px) + 0.5) * size_px / new_px - 0.5
    position = np.clip(position, 0, size_px - 1)
    before = np.minimum(position.astype(np.intp), max(size_px - 2, 0))
    return before, (position - before).astype(np.float32)


def _between(
    values: npt.NDArray[Any], before: npt.NDArray[np.intp], share: npt.NDArray[Any], axis: int
) -> npt.NDArray[np.float32]:
    after = np.minimum(before + 1, values.shape[axis] - 1)
    share = share.reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    first = values.take(before, axis).astype(np.float32, copy=False)
    first += (values.take(after, axis) - first) * share
    return first
