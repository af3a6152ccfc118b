"""The operation `poor_and_rich(256)`: an image's plainest and its most textured patches."""

import numpy as np

from data.geometry import check_range, check_sizes, room_for_crop
from data.patches.choice import drawn_corners
from data.patches.patch_geometry import MOST_PATCHES
from data.patches.texture import order_by_texture
from data.pipelines import Apply, Image, operation


# Some megabytes whatever the size of the image.
@operation("poor_and_rich", kind="geometry", is_random=True, is_testable=True, bytes_per_pixel=0)
def poor_and_rich(size_px: int = 256, patch_px: int = 32, of: int = 192) -> Apply:
    """Two squares of side size_px beside each other, of plain patches and of textured ones.

    PatchCraft (arXiv 2311.12397): of `of` random patches of side patch_px, drawn from the image at
    its own size, those whose neighbouring pixels differ least fill the left square, and those that
    differ most the right one. In training they are drawn anew at each epoch; in tests they are a
    function of the image.
    """
    check_sizes((size_px, patch_px))
    if size_px % patch_px:
        raise ValueError(
            f"patches of {patch_px} px do not fill a side of {size_px} px; give a patch_px that "
            "divides it."
        )
    check_range("of", of, (size_px // patch_px) ** 2, MOST_PATCHES)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        room_for_crop("poor_and_rich", image_HWC, patch_px)
        height, width = image_HWC.shape[:2]
        corners_N2 = drawn_corners(height, width, patch_px, of, rng)
        return order_by_texture(image_HWC, corners_N2, patch_px).poor_and_rich(image_HWC, size_px)

    return apply
