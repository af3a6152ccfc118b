"""Brightness, contrast, saturation and hue changed at random, in random order."""

import numpy as np
import PIL.Image

from data.augmentations.pillow_effects import enhanced, with_hue_turned
from data.geometry import check_range
from data.pipelines import Apply, Image, operation

# Pillow's image, the degenerate one, the result; for hues three planes more.
PILLOW_BYTES = 26
EFFECTS = ("brightness", "contrast", "colour", "hue")


@operation(
    "colour_jitter",
    kind="augmentation",
    is_random=True,
    keeps_size=True,
    bytes_per_pixel=PILLOW_BYTES,
)
def colour_jitter(
    brightness: float = 0.0,
    contrast: float = 0.0,
    saturation: float = 0.0,
    hue: float = 0.0,
    p: float = 1.0,
) -> Apply:
    """Torchvision's `ColorJitter` on Pillow images: with probability p each effect once.

    Factors are uniform in [max(0, 1 - s), 1 + s] for brightness, contrast and saturation of a
    strength s from 0 to 10, the turn of the hue uniform in [-hue, hue] of the circle, hue from 0
    to 0.5; the order is drawn. A strength of 0 leaves its effect out. timm's `color_jitter` 0.4 is
    colour_jitter(0.4, 0.4, 0.4).
    """
    strengths = {"brightness": brightness, "contrast": contrast, "colour": saturation, "hue": hue}
    for name, strength in strengths.items():
        check_range(name, strength, 0, 0.5 if name == "hue" else 10)
    check_range("p", p, 0, 1)
    if not any(strengths.values()):
        raise ValueError("nothing is changed; give a strength, such as brightness=0.4.")

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_changed, drawn, order = rng.random() < p, rng.random(4), rng.permutation(4)
        if not is_changed:
            return image_HWC
        picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
        for index in order:
            name, share = EFFECTS[index], float(drawn[index])
            strength = strengths[name]
            if strength and name == "hue":
                picture = with_hue_turned(picture, -strength + 2 * strength * share)
            elif strength:
                low = max(0.0, 1 - strength)
                picture = enhanced(picture, name, low + (1 + strength - low) * share)
        return np.asarray(picture)

    return apply
