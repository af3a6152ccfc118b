"""Augmentations: random changes during training, the same for both classes."""

import numpy as np

from data.gaussian_blur import gaussian_blur
from data.geometry import check_range, hflip
from data.jpeg import jpeg_coded
from data.pipelines import Apply, Image, operation

operation("hflip", kind="augmentation", is_random=True, keeps_size=True)(hflip)


@operation("blur_jpeg", kind="augmentation", is_random=True, keeps_size=True)
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
    check_range("sigma", sigma[0], 0, sigma[1])
    check_range("sigma", sigma[1], 0, 100)
    check_range("quality", quality[0], 1, quality[1])
    check_range("quality", quality[1], 1, 100)

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
