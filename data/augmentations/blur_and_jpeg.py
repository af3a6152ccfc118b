"""Blur and JPEG coding of random strength: what images meet on their way through the web."""

import numpy as np

from data.gaussian_blur import gaussian_blur
from data.geometry import check_range, check_span
from data.jpeg import LONGEST_JPEG_PX, Subsampling, jpeg_coded
from data.pipelines import Apply, Image, operation


@operation(
    "blur_jpeg",
    kind="augmentation",
    is_random=True,
    keeps_size=True,
    longest_side_px=LONGEST_JPEG_PX,
)
def blur_jpeg(
    p: float = 0.5,
    sigma: tuple[float, float] = (0.0, 3.0),
    quality: tuple[int, int] = (30, 100),
) -> Apply:
    """CNNSpot's augmentation (arXiv 1912.11035, section 4.1).

    With probability p a Gaussian blur of sigma uniform in `sigma` (pixels), then, drawn apart and
    with the same probability, JPEG at a whole quality uniform in `quality`, both ends included.

    Deviation: the original chooses between the codecs of OpenCV and Pillow at random; here it is
    always Pillow's, chroma 4:2:0. The blur is rounded, not cut off (`data/gaussian_blur.py`).
    """
    check_range("p", p, 0, 1)
    check_span("sigma", sigma, 0, 100)
    check_span("quality", quality, 1, 100)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        # All four numbers are drawn always, so that what follows does not depend on their outcome.
        is_blurred, is_coded = rng.random(2) < p
        sigma_px = rng.uniform(*sigma)
        drawn_quality = int(rng.integers(quality[0], quality[1], endpoint=True))
        if is_blurred:
            image_HWC = gaussian_blur(image_HWC, sigma_px)
        if is_coded:
            image_HWC = jpeg_coded(image_HWC, drawn_quality, "4:2:0")
        return image_HWC

    return apply


# As of the degradation: the image, padded, the result, the pair of rows, each of float32.
@operation("blur", kind="augmentation", is_random=True, keeps_size=True, bytes_per_pixel=54)
def blur(sigma: tuple[float, float] = (0.0, 3.0), p: float = 0.5) -> Apply:
    """With probability p a Gaussian blur of standard deviation uniform in `sigma`, in pixels.

    Sigma is from 0 to 100, below 0.125 nothing is blurred. Half of CNNSpot's augmentation; also in
    SPAI (arXiv 2411.19417), which blurs by kernels of 3 to 9 px.
    """
    check_range("p", p, 0, 1)
    check_span("sigma", sigma, 0, 100)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_blurred, sigma_px = rng.random() < p, rng.uniform(*sigma)
        return gaussian_blur(image_HWC, sigma_px) if is_blurred else image_HWC

    return apply


@operation(
    "jpeg",
    kind="augmentation",
    is_random=True,
    keeps_size=True,
    longest_side_px=LONGEST_JPEG_PX,
)
def jpeg(
    quality: tuple[int, int] = (30, 100), p: float = 0.5, subsampling: Subsampling = "4:2:0"
) -> Apply:
    """With probability p one JPEG coding at a whole quality uniform in `quality`, ends included.

    Quality is libjpeg's, 1 to 100; Pillow's codec. Half of CNNSpot's augmentation; SPAI uses
    quality=(50, 100).
    """
    check_range("p", p, 0, 1)
    check_span("quality", quality, 1, 100)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_coded = rng.random() < p
        drawn_quality = int(rng.integers(quality[0], quality[1], endpoint=True))
        return jpeg_coded(image_HWC, drawn_quality, subsampling) if is_coded else image_HWC

    return apply
