"""RandAugment (Cubuk et al., arXiv 1909.13719): some effects of a list, all of one magnitude.

The paper leaves open what a magnitude means, and its two common implementations differ: torchvision
has 14 effects that always act; timm has 15 with "increasing" strengths, each acting with
probability 0.5 at a magnitude that is itself drawn. GenImage's ResNet-50 and the upstream recipes
of Swin-T and DeiT-S use timm's. Effects and strengths are theirs, held by tests; which are
drawn comes of the image's own generator. Many of them resample or requantise pixels: they erase the
traces of generators on purpose.
"""

import numpy as np
import PIL.Image
import PIL.ImageOps

from data.augmentations.colour_jitter import PILLOW_BYTES
from data.augmentations.pillow_effects import (
    ENHANCED,
    PLAIN,
    Colour,
    Picture,
    Resampling,
    enhanced,
    moved,
    shear_x,
    shear_y,
    shift,
    solarize_added,
)
from data.geometry import check_range
from data.pipelines import Apply, Image, operation

BLACK: Colour = (0, 0, 0)
IMAGENET_GREY: Colour = (124, 116, 104)
"""ImageNet's mean colour, which timm fills with."""
_GEOMETRIC = ("shear_x", "shear_y", "translate_x", "translate_y", "rotate")
_OF_BOTH = (*_GEOMETRIC, *ENHANCED, "posterize", "solarize", "auto_contrast", "equalize")
TORCHVISION_EFFECTS = ("identity", *_OF_BOTH)
TIMM_EFFECTS = (*_OF_BOTH, "invert", "solarize_add")
BINS = 31
"""Of torchvision's magnitudes: 0 to 30."""


@operation(
    "rand_augment",
    kind="augmentation",
    is_random=True,
    keeps_size=True,
    bytes_per_pixel=PILLOW_BYTES,
)
def rand_augment(num_ops: int = 2, magnitude: int = 9) -> Apply:
    """Torchvision's `RandAugment(num_ops, magnitude)` on Pillow images: nearest, black outside.

    Effects are drawn with replacement. Magnitude is from 0 to 30, num_ops from 1 to 16.
    """
    check_range("num_ops", num_ops, 1, 16)
    check_range("magnitude", magnitude, 0, BINS - 1)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
        for _ in range(num_ops):
            name = TORCHVISION_EFFECTS[rng.integers(len(TORCHVISION_EFFECTS))]
            sign = -1 if rng.random() < 0.5 else 1
            picture = torchvision_effect(picture, name, magnitude, sign)
        return np.asarray(picture)

    return apply


@operation(
    "rand_augment_timm",
    kind="augmentation",
    is_random=True,
    keeps_size=True,
    bytes_per_pixel=PILLOW_BYTES,
)
def rand_augment_timm(
    magnitude: float = 9.0, magnitude_std: float = 0.5, num_ops: int = 2
) -> Apply:
    """Timm's "rand-m9-mstd0.5-inc1": bilinear or bicubic, ImageNet's mean colour outside.

    Effects are drawn with replacement, each acts with probability 0.5, at a magnitude normal around
    `magnitude` (0 to 10) with deviation `magnitude_std` (0 to 10), cut off at 0 and 10.
    """
    check_range("magnitude", magnitude, 0, 10)
    check_range("magnitude_std", magnitude_std, 0, 10)
    check_range("num_ops", num_ops, 1, 16)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
        for _ in range(num_ops):
            name = TIMM_EFFECTS[rng.integers(len(TIMM_EFFECTS))]
            acts, is_negative, is_bicubic = rng.random(3) < 0.5
            level = float(np.clip(magnitude + magnitude_std * rng.standard_normal(), 0, 10))
            if acts:
                filter = Resampling.BICUBIC if is_bicubic else Resampling.BILINEAR
                picture = timm_effect(picture, name, level, -1 if is_negative else 1, filter)
        return np.asarray(picture)

    return apply


def torchvision_effect(picture: Picture, name: str, magnitude: int, sign: int) -> Picture:
    """One effect of torchvision's list; a sign of -1 turns round those that have two ways."""
    share = magnitude / (BINS - 1)
    if name in _GEOMETRIC:
        most = _torchvision_most(name, picture)
        # Shifts are whole pixels, to the right and down where the sign is 1.
        return _placed(picture, name, sign * float(np.float32(most * share)), Resampling.NEAREST)
    if name in ENHANCED:
        return enhanced(picture, name, 1 + sign * float(np.float32(0.9 * share)))
    if name == "posterize":
        return PIL.ImageOps.posterize(picture, 8 - round(magnitude / ((BINS - 1) / 4)))
    if name == "solarize":
        return PIL.ImageOps.solarize(picture, round(255 * (1 - share), 6))  # type: ignore[arg-type]
    return PLAIN[name](picture) if name in PLAIN else picture


def _torchvision_most(name: str, picture: Picture) -> float:
    if name in ("shear_x", "shear_y"):
        return 0.3
    if name == "rotate":
        return 30.0
    return 150.0 / 331.0 * picture.size[0 if name == "translate_x" else 1]


def _placed(picture: Picture, name: str, strength: float, filter: Resampling) -> Picture:
    if name == "rotate":
        return picture.rotate(strength, filter, fillcolor=BLACK)
    matrix = {
        "shear_x": shear_x(strength),
        "shear_y": shear_y(strength),
        "translate_x": shift(-int(strength), 0),
        "translate_y": shift(0, -int(strength)),
    }[name]
    return moved(picture, matrix, filter, BLACK)


def timm_effect(
    picture: Picture, name: str, level: float, sign: int, filter: Resampling
) -> Picture:
    """One effect of timm's increasing list, at a level of 0 to 10."""
    share = level / 10
    if name == "rotate":
        return picture.rotate(sign * share * 30, filter, fillcolor=IMAGENET_GREY)
    if name in _GEOMETRIC:
        width, height = picture.size
        matrix = {
            "shear_x": shear_x(sign * share * 0.3),
            "shear_y": shear_y(sign * share * 0.3),
            "translate_x": shift(sign * share * 0.45 * width, 0),
            "translate_y": shift(0, sign * share * 0.45 * height),
        }[name]
        return moved(picture, matrix, filter, IMAGENET_GREY)
    if name in ENHANCED:
        return enhanced(picture, name, max(0.1, 1 + sign * share * 0.9))
    if name == "posterize":
        bits = 4 - int(share * 4)
        # At level 10 none is kept: black. Pillow did so once and refuses it now.
        return PIL.ImageOps.posterize(picture, bits) if bits else enhanced(picture, "brightness", 0)
    if name == "solarize":
        return PIL.ImageOps.solarize(picture, 256 - int(share * 256))
    if name == "solarize_add":
        return solarize_added(picture, int(share * 110))
    return PLAIN[name](picture)
