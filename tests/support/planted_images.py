"""Pictures with a known history, for tests: lossless ones, once JPEG, enlarged."""

import io

import numpy as np
import PIL.Image


def lossless(seed: int, height: int = 160, width: int = 176) -> np.ndarray:
    """A picture with the spectrum of photographs (amplitude 1 / f) and fine grain, uint8 RGB."""
    rng = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    frequency = np.maximum(np.hypot(rows, columns), 1 / max(height, width))
    phases = np.exp(2j * np.pi * rng.random((3, height, width)))
    planes = np.fft.ifft2(phases / frequency).real
    planes = 0.8 * planes.mean(axis=0, keepdims=True) + 0.2 * planes
    planes = 128 + 45 * planes / planes.std() + rng.normal(0, 2, planes.shape)
    return np.clip(np.rint(np.moveaxis(planes, 0, 2)), 0, 255).astype(np.uint8)


def once_jpeg(image_HWC: np.ndarray, quality: int) -> np.ndarray:
    """The picture, coded as JPEG and decoded again."""
    file = io.BytesIO()
    PIL.Image.fromarray(image_HWC).save(file, "JPEG", quality=quality)
    return np.array(PIL.Image.open(file))


def enlarged(image_HWC: np.ndarray, factor: float) -> np.ndarray:
    """The picture, bilinearly interpolated."""
    height, width = image_HWC.shape[:2]
    size = round(width * factor), round(height * factor)
    return np.array(PIL.Image.fromarray(image_HWC).resize(size, PIL.Image.Resampling.BILINEAR))
