"""The operation `patch(32)`: one of many random patches, the simplest as a rule."""

import numpy as np

from data.geometry import check_range, check_sizes, room_for_crop
from data.patches.choice import Choose, choose_patch, drawn_corners
from data.patches.complexity import Directions
from data.pipelines import Apply, Image, operation

MOST_PATCHES = 4096


# Some megabytes whatever the size of the image.
@operation("patch", kind="geometry", is_random=True, is_testable=True, bytes_per_pixel=0)
def patch(
    size_px: int, of: int = 64, choose: Choose = "simplest", directions: Directions = "all"
) -> Apply:
    """One of `of` random patches of side size_px: the simplest, the richest, or the first one.

    SSP (arXiv 2402.01123): patches are drawn from the image at its own size and may overlap; the
    one whose neighbouring pixels differ least is taken. In training they are drawn anew at each
    epoch; in tests they are a function of the image, so a test gives the same patch always.
    """
    check_sizes((size_px,))
    check_range("of", of, 1, MOST_PATCHES)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        room_for_crop("patch", image_HWC, size_px)
        height, width = image_HWC.shape[:2]
        corners_N2 = drawn_corners(height, width, size_px, of, rng)
        return choose_patch(image_HWC, corners_N2, size_px, choose, directions).cut(image_HWC)

    return apply
