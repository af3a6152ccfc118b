"""A photograph as an up-sampler would have made it: the same picture, the same size, its traces.

The photograph is brought down by factors of two and up again by a toy generator's decoder
(`data.toy.decoders`), with part of the lost detail put back. To simulate a generator's
up-sampling on real photographs is AutoGAN's idea (Zhang, Karaman and Chang, "Detecting and
Simulating Artifacts in GAN Fake Images", WIFS 2019, arXiv 1907.06515), where the decoder is
trained; here its weights are drawn, anew for each photograph: what all of them have in common is
to be learned, and no single decoder.
"""

from collections.abc import Mapping

import numpy as np

from data.pipelines import Image
from data.randomness import stream
from data.toy.camera import shot_noise_scale
from data.toy.decoders import Decoder, sharpened_like
from data.toy.filters import Floats
from data.toy.generators import TOY_GENERATORS, ToyGenerator

# Raised with anything that changes a pixel, in data/toy too.
TRACES_VERSION = 1
UPSAMPLERS: Mapping[str, ToyGenerator] = {
    name.partition("_")[2]: TOY_GENERATORS[name]
    for name in (
        *("gan_tconv", "gan_nearest", "gan_bilinear", "gan_shuffle"),
        *("dm_latent4", "dm_latent8"),
    )
}
"""The toy generators that have an up-sampler, by what they do."""
# The median of a normal variable's absolute value, in standard deviations.
_MEDIAN_OF_NORMAL = 0.6745


def upsampled(image_HWC: Image, upsampler: str, image_id: str, seed: int) -> Image:
    """A photograph with the traces of an up-sampler; a function of the arguments alone.

    Args:
        image_HWC: uint8 RGB, of any size.
        upsampler: of UPSAMPLERS.
        image_id: of the photograph; gives the weights and the grain.
        seed: gives others.

    Returns:
        uint8 RGB of the same shape; grey where the photograph is.
    """
    generator = UPSAMPLERS[upsampler]
    height, width, _ = image_HWC.shape
    photograph_BCHW = _as_picture(image_HWC, 2**generator.levels)
    key = (seed, "upsampled", upsampler, image_id)
    decoder = Decoder(generator, stream(*key, "weights"))
    fake_BCHW = decoder.decoded(photograph_BCHW)
    fake_BCHW += _grain(decoder, stream(*key, "grain"), photograph_BCHW, fake_BCHW)
    fake_BCHW = sharpened_like(fake_BCHW, photograph_BCHW)
    fake_HWC = _as_pixels(fake_BCHW)[:height, :width]
    if (image_HWC == image_HWC[..., :1]).all():
        # Kernels mix the channels, and a tint would tell every fake of a grey photograph.
        fake_HWC = np.repeat(fake_HWC[..., 1:2], 3, axis=2)
    return np.ascontiguousarray(fake_HWC)


def _grain(
    decoder: Decoder, rng: np.random.Generator, photograph_BCHW: Floats, decoded_BCHW: Floats
) -> Floats:
    """Grain of the decoder's own, as strong as the noise that it took from the photograph.

    Without it the fakes would be the images without noise. The median finds what is lost in
    smooth areas, where it is noise, and not what edges lose.
    """
    scale_BCHW = shot_noise_scale(photograph_BCHW)
    lost = np.median(np.abs(photograph_BCHW - decoded_BCHW) / scale_BCHW)
    grain_BCHW = decoder.grain(rng, photograph_BCHW.shape)
    grain_BCHW *= scale_BCHW
    grain_BCHW *= np.float32(lost / _MEDIAN_OF_NORMAL)
    return grain_BCHW


def _as_picture(image_HWC: Image, multiple: int) -> Floats:
    """Shape (1, 3, H, W) in [0, 1], continued by reflection to a multiple of pixels."""
    height, width, _ = image_HWC.shape
    more = ((0, -height % multiple), (0, -width % multiple), (0, 0))
    padded_HWC = np.pad(image_HWC, more, mode="reflect")
    picture: Floats = padded_HWC.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(picture)


def _as_pixels(image_BCHW: Floats) -> Image:
    coded = np.clip(image_BCHW[0], 0, 1) * np.float32(255) + np.float32(0.5)
    pixels_HWC: Image = coded.astype(np.uint8).transpose(1, 2, 0)
    return pixels_HWC
