"""Degradations: named changes of test images, at their native size unless `input` says otherwise.

They are applied to both classes alike and are part of a piece's key: the same string always gives
the same pixels of an image at the same version. One that draws is given a generator that is a
function of the image (`data/view.py`). Lists of them with a name are in
`data/degradation_presets.py`.
"""

import math

import numpy as np

from data.gaussian_blur import gaussian_blur
from data.geometry import Filter, check_range, check_sizes, resized, with_shorter_side
from data.jpeg import LONGEST_JPEG_PX, Subsampling, jpeg_coded
from data.operation_registry import INPUT
from data.pipelines import Apply, Image, operation
from data.webp import LONGEST_WEBP_PX, webp_coded


@operation(INPUT, kind="degradation", keeps_size=True, bytes_per_pixel=0)
def input_mark() -> Apply:
    """A mark: what stands after it acts on the detector's input, behind its geometry.

    `input | jpeg(75)` codes what the detector is given; `resize(112) | input | noise(2)` does one
    before and one behind. By itself it changes nothing: `data/view.py` gives it its meaning.
    """

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return image_HWC

    return apply


@operation("jpeg", kind="degradation", keeps_size=True, longest_side_px=LONGEST_JPEG_PX)
def jpeg(quality: int, subsampling: Subsampling = "4:2:0") -> Apply:
    """Code once as JPEG at a quality of 1 to 100 (libjpeg's scale, Pillow's codec)."""
    check_range("quality", quality, 1, 100)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return jpeg_coded(image_HWC, quality, subsampling)

    return apply


@operation("webp", kind="degradation", keeps_size=True, longest_side_px=LONGEST_WEBP_PX)
def webp(quality: int) -> Apply:
    """Code once as lossy WebP at a quality of 1 to 100 (libwebp's scale, Pillow's codec)."""
    check_range("quality", quality, 1, 100)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return webp_coded(image_HWC, quality)

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
def resize(
    *size_px: int, factor: float | None = None, filter: Filter = "bilinear", back: bool = False
) -> Apply:
    """`resize(s)` brings the shorter side to s pixels, `resize(factor=f)` multiplies both sides.

    The proportions are kept. `resize(s)` enlarges an image that is smaller than s: every image ends
    at the same scale. A side is at least one pixel. With `back=True` the result is brought back to
    the size that came in, by the same filter; else it stays as it is.
    """
    check_sizes(size_px)
    if (len(size_px), factor is None) not in {(1, True), (0, False)}:
        raise ValueError("give either the shorter side in pixels, resize(112), or resize(factor=).")
    if factor is not None:
        check_range("factor", factor, 0.01, 16)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        if factor is None:
            size = with_shorter_side(height, width, size_px[0])
        else:
            size = _scaled(height, factor), _scaled(width, factor)
        scaled_HWC = resized(image_HWC, *size, filter)
        return resized(scaled_HWC, height, width, filter) if back else scaled_HWC

    return apply


@operation("crop", kind="degradation")
def crop(share: float) -> Apply:
    """The middle of the image with a share of each side, above 0 to 1; nothing is scaled back.

    Of what is left over an odd pixel lies behind. Always the middle: a place drawn for each image
    would mix another content into what a row of shares compares.
    """
    check_range("share", share, 0.01, 1)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        rows, columns = _scaled(height, share), _scaled(width, share)
        top, left = (height - rows) // 2, (width - columns) // 2
        return image_HWC[top : top + rows, left : left + columns]

    return apply


def _scaled(length_px: int, factor: float) -> int:
    return max(1, math.floor(length_px * factor + 0.5))
