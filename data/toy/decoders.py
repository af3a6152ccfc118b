"""How a toy generator makes a fake of a picture.

A picture is float32 in [0, 1], gamma-coded, shape (B, 3, H, W).
"""

import numpy as np

from data.randomness import stream
from data.toy.camera import shot_noise_scale
from data.toy.filters import Floats, blur, doubled, halved
from data.toy.generators import TOY_GENERATORS, ToyGenerator
from data.toy.upsamplers import Upsampler, upsampler

# Of the generators' weights, which belong to the recipe as a published network's do.
_FIRST_WEIGHTS_SEED = 777
# What the gan family has in common: which of the four output phases keep more detail.
_FAMILY_PATTERN = np.array([[1.0, -0.2], [-0.2, -0.6]])
_PATTERN_JITTER = 0.08


class Decoder:
    """A generator with its weights, which are the same for every data seed.

    Args:
        generator: its settings.
        rng: gives other weights than the toy generator's own.
    """

    def __init__(self, generator: ToyGenerator, rng: np.random.Generator | None = None) -> None:
        self._of = generator
        if rng is None:
            number = list(TOY_GENERATORS).index(generator.name)
            rng = stream(_FIRST_WEIGHTS_SEED + number, "weights")
        self._up: list[Upsampler] = []
        if generator.upsampling is not None:
            self._up = [
                upsampler(generator.upsampling, generator.spread, generator.phase_gain, rng)
                for _ in range(generator.levels)
            ]
        self._pattern_22: Floats | None = None
        if generator.phase_pattern is not None:
            jitter = _PATTERN_JITTER * rng.standard_normal((2, 2))
            pattern = 1 + generator.phase_pattern * _FAMILY_PATTERN + jitter
            self._pattern_22 = pattern.astype(np.float32)

    def fake(self, rng: np.random.Generator, picture_BCHW: Floats, noise_level: Floats) -> Floats:
        """A fake of each picture, with grain in place of a sensor's noise.

        Args:
            rng: gives the grain.
            picture_BCHW: what the lens shows.
            noise_level: of each picture, shape (B, 1, 1, 1).
        """
        image = self.decoded(picture_BCHW)
        grain = self.grain(rng, picture_BCHW.shape)
        grain *= noise_level
        grain *= shot_noise_scale(picture_BCHW)
        grain += image
        return grain

    def decoded(self, picture_BCHW: Floats) -> Floats:
        """A picture with what the generator loses of it; sides are multiples of 2**levels."""
        return self._upsampled(picture_BCHW) if self._up else self._denoised(picture_BCHW)

    def _upsampled(self, picture_BCHW: Floats) -> Floats:
        """Down by factors of two, and up again with a part of the lost detail."""
        levels = [picture_BCHW]
        for _ in self._up:
            levels.append(halved(levels[-1]))
        image = levels[-1]
        for level in reversed(range(len(self._up))):
            detail = levels[level] - doubled(levels[level + 1])
            detail = _shrunk(detail, self._of.denoised / 2**level)
            detail *= np.float32(self._of.detail_kept)
            if level == 0 and self._pattern_22 is not None:
                height, width = detail.shape[2:]
                detail *= np.tile(self._pattern_22, (height // 2, width // 2))
            image = self._up[level](image) + detail
        return image

    def _denoised(self, picture_BCHW: Floats) -> Floats:
        """Without an up-sampler: weak detail is shrunk away at three scales."""
        image = picture_BCHW
        for sigma_px in (0.8, 1.2, 1.6):
            smooth = blur(image, sigma_px)
            image = smooth + _shrunk(image - smooth, self._of.denoised)
        return image

    def grain(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Noise of unit strength that has gone through the same up-samplers; shape (B, 3, H, W)."""
        num, channels, height, width = shape

        def white(level: int) -> Floats:
            size = (num, channels, height >> level, width >> level)
            return rng.standard_normal(size, dtype=np.float32)

        if not self._up:
            return _unit(white(0))
        grain = white(len(self._up))
        for level in reversed(range(len(self._up))):
            grain = _unit(self._up[level](grain))
            if level > 0:
                grain += white(level)
        untouched = self._of.white_grain
        grain *= np.float32((1 - untouched**2) ** 0.5)
        grain += np.float32(untouched) * white(0)
        return _unit(grain)


def sharpened_like(images_BCHW: Floats, photographs_BCHW: Floats) -> Floats:
    """Images with as much energy in their high frequencies as photographs of the same scenes.

    This is what an adversarial or perceptual loss does for real generators, and it takes away the
    short cut of telling fakes by their sharpness. An image without high frequencies has nothing
    to sharpen and stays.
    """
    smooth = blur(images_BCHW, 1.0)
    high = images_BCHW - smooth
    wanted = photographs_BCHW - blur(photographs_BCHW, 1.0)
    present = _strength(high)
    ratio = np.divide(_strength(wanted), present, out=np.ones_like(present), where=present > 0)
    gain = np.clip(ratio, 0.6, 1.6)
    high *= gain
    high += smooth
    return high


def _shrunk(detail: Floats, threshold: float) -> Floats:
    """Detail far below the threshold goes to zero, far above it stays."""
    if threshold == 0:
        return detail
    energy = detail * detail
    shrunk: Floats = detail * (energy / (energy + np.float32(threshold**2)))
    return shrunk


def _unit(noise_BCHW: Floats) -> Floats:
    unit: Floats = noise_BCHW / _strength(noise_BCHW)
    return unit


def _strength(planes_BCHW: Floats) -> Floats:
    """Root mean square of each image, shape (B, 1, 1, 1)."""
    strength: Floats = np.sqrt(np.mean(planes_BCHW**2, axis=(1, 2, 3), keepdims=True))
    return strength
