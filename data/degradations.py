"""Degradations: named changes of test images at their native size.

They are applied to both classes alike, before the detector's geometry, and are part of a piece's
key: the same string always gives the same pixels of an image at the same version. One that draws
is given a generator that is a function of the image (`data/view.py`).
"""

import math

import numpy as np

from data.gaussian_blur import gaussian_blur
from data.geometry import Filter, check_range, check_sizes, resized, with_shorter_side
from data.jpeg import Subsampling, jpeg_coded
from data.pipelines import Apply, Image, operation


@operation("jpeg", kind="degradation", keeps_size=True)
def jpeg(quality: int, subsampling: Subsampling = "4:2:0") -> Apply:
    """Code once as JPEG at a quality of 1 to 100 (libjpeg's scale, Pillow's codec)."""
    check_range("quality", quality, 1, 100)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return jpeg_coded(image_HWC, quality, subsampling)

    return apply


# Bounds small images, nearly all of which is in a block; of large ones far less.
@operation("blur", kind="degradation", keeps_size=True, bytes_per_pixel=54)
def blur(sigma: float) -> Apply:
    """Gaussian blur of standard deviation sigma in pixels, 0 to 100."""
    check_range("sigma", sigma, 0, 100)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return gaussian_blur(image_HWC, sigma)

    return apply


# One array of float32, the noise and then the sum, and the image that it becomes.
@operation("noise", kind="degradation", is_random=True, keeps_size=True, bytes_per_pixel=15)
def noise(sigma: float) -> Apply:
    """Add Gaussian noise of standard deviation sigma in grey levels of 0 to 255, sigma 0 to 255.

    Independent for each pixel and channel; rounded, and cut off at 0 and 255. White noise as in
    Zhang et al., "Beyond a Gaussian denoiser" (DnCNN, arXiv 1608.03981), there before rounding.
    """
    check_range("sigma", sigma, 0, 255)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        noisy_HWC = rng.standard_normal(image_HWC.shape, np.float32)
        noisy_HWC *= np.float32(sigma)
        noisy_HWC += image_HWC
        np.rint(noisy_HWC, out=noisy_HWC)
        return np.clip(noisy_HWC, 0, 255, out=noisy_HWC).astype(np.uint8)

    return apply


@operation("resize", kind="degradation")
def resize(*size_px: int, factor: float | None = None, filter: Filter = "bilinear") -> Apply:
    """`resize(s)` brings the shorter side to s pixels, `resize(factor=f)` multiplies both sides.

    The proportions are kept and nothing is scaled back. `resize(s)` enlarges an image that is
    smaller than s: every image ends at the same scale. A side is at least one pixel.
    """
    check_sizes(size_px)
    if (len(size_px), factor is None) not in {(1, True), (0, False)}:
        raise ValueError("give either the shorter side in pixels, resize(112), or resize(factor=).")
    if factor is not None:
        check_range("factor", factor, 0.01, 16)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        if factor is None:
            return resized(image_HWC, *with_shorter_side(height, width, size_px[0]), filter)
        return resized(image_HWC, _scaled(height, factor), _scaled(width, factor), filter)

    return apply


def _scaled(length_px: int, factor: float) -> int:
    return max(1, math.floor(length_px * factor + 0.5))
