"""Where an image's content lies: mirrored, turned, shifted. The size stays.

A black border that only training images have is a habit to unlearn: what comes in from outside is
by default the image itself, reflected. `black` is what torchvision does where nothing is said.
"""

import math
from typing import Literal

import numpy as np
import PIL.Image

from data.geometry import check_range, hflip, resized, vflip
from data.pipelines import Apply, Image, operation

Outside = Literal["reflect", "black"]
TurnedOutside = Literal["reflect", "black", "crop"]
Interpolation = Literal["nearest", "bilinear", "bicubic"]

operation("hflip", kind="augmentation", is_random=True, keeps_size=True)(hflip)
operation("vflip", kind="augmentation", is_random=True, keeps_size=True)(vflip)


# The image with its reflected border, 3 x 3 times as large at most, as Pillow holds it and turned.
@operation("rotate", kind="augmentation", is_random=True, keeps_size=True, bytes_per_pixel=120)
def rotate(
    degrees: float,
    p: float = 1.0,
    outside: TurnedOutside = "reflect",
    filter: Interpolation = "bilinear",
) -> Apply:
    """With probability p turned about the centre by an angle uniform in [-degrees, degrees].

    Degrees are from 0 to 180. `crop` keeps the largest upright rectangle that the turned image
    fills and enlarges it to the image's size, as SPAI is trained (arXiv 2411.19417). With `black`
    equal to torchvision's `RandomRotation(degrees)` on Pillow images for the same angle and filter.
    """
    check_range("degrees", degrees, 0, 180)
    check_range("p", p, 0, 1)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_turned, angle = rng.random() < p, float(rng.uniform(-degrees, degrees))
        return rotated(image_HWC, angle, outside, filter) if is_turned else image_HWC

    return apply


@operation("translate", kind="augmentation", is_random=True, keeps_size=True, bytes_per_pixel=30)
def translate(share: float, p: float = 1.0, outside: Outside = "reflect", step: int = 1) -> Apply:
    """With probability p shifted by whole pixels, up to `share` of each side, either way.

    Share is from 0 to 0.5. Shifts are multiples of `step`: 2 keeps the phase of 2 x 2 blocks,
    which NPR reads. Nothing is interpolated. With `black` equal to torchvision's
    `RandomAffine(0, translate=(share, share))` for the same shift.
    """
    check_range("share", share, 0, 0.5)
    check_range("p", p, 0, 1)
    check_range("step", step, 1, 1024)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_shifted, drawn = rng.random() < p, rng.uniform(-1, 1, 2)
        if not is_shifted:
            return image_HWC
        most = [share * side for side in image_HWC.shape[:2]]
        down, right = (int(d * m / step) * step for d, m in zip(drawn, most, strict=True))
        return shifted(image_HWC, down, right, outside)

    return apply


def rotated(image_HWC: Image, angle: float, outside: TurnedOutside, filter: Interpolation) -> Image:
    """The image turned counter-clockwise about its centre by an angle in degrees."""
    height, width = image_HWC.shape[:2]
    if outside == "crop":
        turned = rotated(image_HWC, angle, "black", filter)
        filled = zip((height, width), filled_after_turning(height, width, angle), strict=True)
        kept_HWC = turned[tuple(_whole_pixels(side, length) for side, length in filled)]
        return resized(kept_HWC, height, width, filter)
    below = right = 0
    if outside == "reflect":
        # As much of the border as the turned corners reach into.
        reach = int(np.ceil((np.hypot(height, width) - min(height, width)) / 2)) + 1
        below = right = reach
        padding = ((below, below), (right, right), (0, 0))
        image_HWC = np.pad(image_HWC, padding, mode="symmetric")
    picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
    turned = np.asarray(picture.rotate(angle, PIL.Image.Resampling[filter.upper()]))
    return turned[below : below + height, right : right + width]


def filled_after_turning(height: int, width: int, angle: float) -> tuple[float, float]:
    """Height and width of the largest upright rectangle within an image turned about its centre.

    Either two opposite corners of it lie on the image's longer sides, or all four lie on its sides.
    """
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    longer, shorter = max(height, width), min(height, width)
    if shorter <= 2 * sine * cosine * longer or abs(sine - cosine) < 1e-9:
        half = shorter / 2
        along, over = half / max(sine, 1e-12), half / max(cosine, 1e-12)
        across, down = (along, over) if width >= height else (over, along)
    else:
        double = cosine**2 - sine**2
        across = (width * cosine - height * sine) / double
        down = (height * cosine - width * sine) / double
    # Within the image too: a turned image is cut off at its own size.
    return min(down, height), min(across, width)


def _whole_pixels(side: int, length: float) -> slice:
    """The pixels of a side that lie whole within a length around its middle; at least one."""
    first = min(math.ceil((side - length) / 2 - 1e-6), (side - 1) // 2)
    return slice(first, max(math.floor((side + length) / 2 + 1e-6), first + 1))


def shifted(image_HWC: Image, down: int, right: int, outside: Outside) -> Image:
    """The image moved by whole pixels; what comes in is its reflection, or black."""
    height, width = image_HWC.shape[:2]
    padding = ((abs(down), abs(down)), (abs(right), abs(right)), (0, 0))
    mode = {"reflect": "symmetric", "black": "constant"}[outside]
    padded = np.pad(image_HWC, padding, mode=mode)  # type: ignore[call-overload]
    top, left = abs(down) - down, abs(right) - right
    moved: Image = padded[top : top + height, left : left + width]
    return moved
