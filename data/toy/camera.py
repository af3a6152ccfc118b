"""The toy camera: lens, tone curve, sensor noise and demosaicing.

Pictures are float32 in about [0, 1], gamma-coded, shape (B, 3, H, W); `rng` gives everything that
differs between pictures.
"""

import math

import numpy as np

from data.toy.filters import Floats, blur

_GAMMA = 1 / 2.2


def through_lens(rng: np.random.Generator, light_BCHW: Floats) -> Floats:
    """Blur linear light a little, differently for each picture, and code it with gamma."""
    weight = rng.uniform(0.15, 0.75, (len(light_BCHW), 1, 1, 1)).astype(np.float32)
    picture = light_BCHW + weight * (blur(light_BCHW, 0.8) - light_BCHW)
    np.log(picture, out=picture)
    picture *= np.float32(_GAMMA)
    np.exp(picture, out=picture)
    np.minimum(picture, 1, out=picture)
    return picture


def noise_levels(rng: np.random.Generator, num: int) -> Floats:
    """The strength of each picture's noise, in units of full scale, shape (num, 1, 1, 1)."""
    low, high = math.log(1.2 / 255), math.log(5 / 255)
    return np.exp(rng.uniform(low, high, (num, 1, 1, 1))).astype(np.float32)


def shot_noise_scale(picture_BCHW: Floats) -> Floats:
    """How much stronger noise is where there is more light."""
    scale: Floats = np.sqrt(np.float32(0.35) + picture_BCHW)
    return scale


def photograph(rng: np.random.Generator, picture_BCHW: Floats, noise_level: Floats) -> Floats:
    """What the camera writes of a picture: with noise, and partly demosaiced.

    The Bayer pattern has a random phase per photograph, as it has after cropping. That matters:
    a fixed phase is the mark of the generators.
    """
    noise = rng.standard_normal(picture_BCHW.shape, dtype=np.float32)
    noise *= noise_level
    noise *= shot_noise_scale(picture_BCHW)
    noise += picture_BCHW
    share = rng.uniform(0, 0.5, noise_level.shape).astype(np.float32)
    return noise + share * (_demosaiced(rng, noise) - noise)


def _demosaiced(rng: np.random.Generator, sensor_BCHW: Floats) -> Floats:
    """One colour per pixel, in Bayer's pattern, and the others interpolated bilinearly."""
    num, _, height, width = sensor_BCHW.shape
    phase = rng.integers(0, 2, (2, num, 1, 1))
    odd_row = (np.arange(height)[:, None] + phase[0]) % 2
    odd_column = (np.arange(width) + phase[1]) % 2
    red, blue = (1 - odd_row) * (1 - odd_column), odd_row * odd_column
    mosaic = sensor_BCHW * np.stack([red, 1 - red - blue, blue], axis=1).astype(np.float32)
    padded = np.pad(mosaic, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    rows = padded[:, :, :-2] + padded[:, :, 2:]
    rows *= np.float32(0.5)
    result = np.empty_like(mosaic)
    # Red and blue: [1 2 1; 2 4 2; 1 2 1] / 4.
    sparse = slice(0, 3, 2)
    rows_with_own = rows[:, sparse] + padded[:, sparse, 1:-1]
    result[:, sparse] = rows_with_own[..., :-2] + rows_with_own[..., 2:]
    result[:, sparse] *= np.float32(0.5)
    result[:, sparse] += rows_with_own[..., 1:-1]
    # Green: [0 1 0; 1 4 1; 0 1 0] / 4.
    around = padded[:, 1, 1:-1, :-2] + padded[:, 1, 1:-1, 2:]
    around *= np.float32(0.25)
    result[:, 1] = mosaic[:, 1] + around + rows[:, 1, :, 1:-1] * np.float32(0.5)
    return result
