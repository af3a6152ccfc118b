"""Effects of Pillow by name and strength, for augmentations that are lists of such.

torchvision and timm call the same functions of Pillow, so equal strengths give equal pixels; tests
hold that.
"""

from collections.abc import Callable

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import PIL.ImageOps

Picture = PIL.Image.Image
Resampling = PIL.Image.Resampling
Colour = tuple[int, int, int]
Matrix = tuple[float, float, float, float, float, float]
ENHANCED: dict[str, Callable[[Picture], PIL.ImageEnhance._Enhance]] = {
    "brightness": PIL.ImageEnhance.Brightness,
    "contrast": PIL.ImageEnhance.Contrast,
    "colour": PIL.ImageEnhance.Color,
    "sharpness": PIL.ImageEnhance.Sharpness,
}
"""Effects of a factor: 1 is nothing, 0 is black, even grey, without colour, or smooth."""


def enhanced(picture: Picture, name: str, factor: float) -> Picture:
    """The picture with its brightness, contrast, colour or sharpness times a factor."""
    return ENHANCED[name](picture).enhance(factor)


def with_hue_turned(picture: Picture, turn: float) -> Picture:
    """The picture with all hues moved round the circle, `turn` from -0.5 to 0.5 of it."""
    hue, saturation, value = picture.convert("HSV").split()
    # In 8 bits, so that hues run round; towards zero, as torchvision has it.
    hue_HW = np.asarray(hue) + np.uint8(int(turn * 255) % 256)
    moved = PIL.Image.fromarray(hue_HW)
    return PIL.Image.merge("HSV", (moved, saturation, value)).convert("RGB")


def moved(picture: Picture, matrix: Matrix, filter: Resampling, fill: Colour) -> Picture:
    """The picture seen through an affine map from its result's coordinates to its own."""
    return picture.transform(
        picture.size, PIL.Image.Transform.AFFINE, matrix, filter, fillcolor=fill
    )


def shear_x(strength: float) -> Matrix:
    """Rows shifted against each other."""
    return (1, strength, 0, 0, 1, 0)


def shear_y(strength: float) -> Matrix:
    """Columns shifted against each other."""
    return (1, 0, 0, strength, 1, 0)


def shift(left: float, up: float) -> Matrix:
    """The content moved to the left and up, in pixels."""
    return (1, 0, left, 0, 1, up)


def solarize_added(picture: Picture, amount: int) -> Picture:
    """Values below 128 made brighter by an amount."""
    table = [min(255, value + amount) if value < 128 else value for value in range(256)]
    return picture.point(table * 3)


PLAIN: dict[str, Callable[[Picture], Picture]] = {
    "auto_contrast": PIL.ImageOps.autocontrast,
    "equalize": PIL.ImageOps.equalize,
    "invert": PIL.ImageOps.invert,
}
"""Effects without a strength."""
