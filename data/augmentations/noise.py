"""Gaussian noise of random strength on the pixels."""

import numpy as np

from data.geometry import check_range, check_span
from data.pipelines import Apply, Image, operation


# One array of float32, the noise and then the sum, and the image that it becomes.
@operation("noise", kind="augmentation", is_random=True, keeps_size=True, bytes_per_pixel=15)
def noise(sigma: tuple[float, float] = (0.0, 10.0), p: float = 0.5) -> Apply:
    """With probability p white Gaussian noise, its deviation uniform in `sigma`, in grey levels.

    Sigma is from 0 to 255. Independent for each pixel and channel; rounded, and cut off at 0 and
    255. As in SPAI (arXiv 2411.19417), which adds it with p = 0.5.
    """
    check_range("p", p, 0, 1)
    check_span("sigma", sigma, 0, 255)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_noisy, drawn = rng.random() < p, rng.uniform(*sigma)
        if not is_noisy:
            return image_HWC
        noisy_HWC = rng.standard_normal(image_HWC.shape, np.float32)
        noisy_HWC *= np.float32(drawn)
        noisy_HWC += image_HWC
        np.rint(noisy_HWC, out=noisy_HWC)
        return np.clip(noisy_HWC, 0, 255, out=noisy_HWC).astype(np.uint8)

    return apply
