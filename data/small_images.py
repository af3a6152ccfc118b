"""Geometry of images that are smaller than what is cut out of them: the rules to choose from.

An image that is large enough passes as it is. Nothing is padded with zeros but by `zero_pad`, for
the detectors whose official code does it: a black border tells the small generators from the large.
"""

import numpy as np

from data.geometry import Filter, check_sizes, resized, with_shorter_side
from data.pipelines import Apply, Image, operation


@operation("tile", kind="geometry")
def tile(size_px: int) -> Apply:
    """Repeat an image whose height or width is below size_px to the next whole number of copies.

    NPR's rule for small images of GenImage.
    """
    check_sizes((size_px,))

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        down, across = -(-size_px // height), -(-size_px // width)
        return np.tile(image_HWC, (down, across, 1)) if max(down, across) > 1 else image_HWC

    return apply


@operation("reflect", kind="geometry")
def reflect(size_px: int) -> Apply:
    """Continue a small image by reflection below and to the right, up to size_px.

    Only below and to the right, so that its own pixels keep their places in fixed blocks.
    """
    check_sizes((size_px,))

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        below, right = max(size_px - height, 0), max(size_px - width, 0)
        if below == right == 0:
            return image_HWC
        return np.pad(image_HWC, ((0, below), (0, right), (0, 0)), mode="reflect")

    return apply


@operation("upsample", kind="geometry")
def upsample(size_px: int, filter: Filter = "bilinear") -> Apply:
    """Enlarge an image whose shorter side is below size_px until it is size_px."""
    check_sizes((size_px,))

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        if min(height, width) >= size_px:
            return image_HWC
        return resized(image_HWC, *with_shorter_side(height, width, size_px), filter)

    return apply


@operation("squash", kind="geometry")
def squash(size_px: int, below: int | None = None, filter: Filter = "bilinear") -> Apply:
    """Bring an image whose shorter side is below `below` (size_px) to size_px x size_px.

    Its proportions are lost. SSP's rule for images that are smaller than a patch.
    """
    check_sizes((size_px,) if below is None else (size_px, below))
    limit_px = size_px if below is None else below

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_small = min(image_HWC.shape[:2]) < limit_px
        return resized(image_HWC, size_px, size_px, filter) if is_small else image_HWC

    return apply


@operation("zero_pad", kind="geometry")
def zero_pad(size_px: int) -> Apply:
    """Put black around a small image, up to size_px each way, as torchvision's `CenterCrop` does.

    Of an odd number of lines one more lies below and to the right. Only for fidelity to official
    code: the border tells small images from large ones, and often fakes from photographs.
    """
    check_sizes((size_px,))

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        below, right = (max(size_px - side, 0) for side in image_HWC.shape[:2])
        if below == right == 0:
            return image_HWC
        rows, columns = (below // 2, below - below // 2), (right // 2, right - right // 2)
        return np.pad(image_HWC, (rows, columns, (0, 0)))

    return apply
