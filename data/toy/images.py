"""The pixels of one toy generator: photographs of some scenes, fakes of others."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.randomness import stream
from data.toy.camera import noise_levels, photograph, through_lens
from data.toy.decoders import Decoder, sharpened_like
from data.toy.filters import Floats
from data.toy.generators import TOY_GENERATORS
from data.toy.scenes import scenes

Pixels = npt.NDArray[np.uint8]
# So few images are worked on at a time that the arrays stay in a core's own cache.
_IMAGES_PER_BLOCK = 8


class ToyImages(NamedTuple):
    """Each of shape (n, 64, 64, 3)."""

    reals_BHWC: Pixels
    fakes_BHWC: Pixels


def toy_images(generator: str, num_per_class: int, seed: int) -> ToyImages:
    """Make the images of one generator, which depend on the arguments alone.

    No scene is shown twice, so nothing can be learned from an image's content. Another type of
    CPU may round a few pixels differently.

    Args:
        generator: of TOY_GENERATORS.
        num_per_class: photographs, and as many fakes.
        seed: of scenes, noise and grain; not of the generator's weights.
    """
    key = (seed, "toy", generator)
    light_BCHW = scenes(stream(*key, "scenes"), 2 * num_per_class)
    shuffled = stream(*key, "division").permutation(len(light_BCHW))
    decoder = Decoder(TOY_GENERATORS[generator])
    reals, fakes = [], []
    rng = stream(*key, "photographs")
    for block in _blocks(shuffled[:num_per_class]):
        picture_BCHW = through_lens(rng, light_BCHW[block])
        reals.append(_as_pixels(photograph(rng, picture_BCHW, noise_levels(rng, len(block)))))
    rng = stream(*key, "fakes")
    for block in _blocks(shuffled[num_per_class:]):
        picture_BCHW = through_lens(rng, light_BCHW[block])
        level = noise_levels(rng, len(block))
        example_BCHW = photograph(rng, picture_BCHW, level)
        fake_BCHW = decoder.fake(rng, picture_BCHW, level)
        fakes.append(_as_pixels(sharpened_like(fake_BCHW, example_BCHW)))
    return ToyImages(np.concatenate(reals), np.concatenate(fakes))


def _blocks(indices: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    starts = range(0, len(indices), _IMAGES_PER_BLOCK)
    return [indices[start : start + _IMAGES_PER_BLOCK] for start in starts]


def _as_pixels(image_BCHW: Floats) -> Pixels:
    coded = np.clip(image_BCHW, 0, 1) * np.float32(255) + np.float32(0.5)
    return np.ascontiguousarray(coded.astype(np.uint8).transpose(0, 2, 3, 1))
