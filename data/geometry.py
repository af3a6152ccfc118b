"""Geometry: what brings an image to the size that a detector reads. Part of a fit's identity.

An image that is too small for a crop is refused, or brought to a size before by an operation of
`data/small_images.py`. Resizing goes through Pillow, whose filters antialias, as the field's
training code does.
"""

import math
from typing import Literal

import numpy as np
import PIL.Image

from data.pipelines import Apply, Image, TooLarge, TooSmall, operation

Filter = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
LARGEST_SIZE_PX = 16384
LARGEST_RESULT_PIXELS = 178_956_970


@operation("resize", kind="geometry")
def resize(*size_px: int, filter: Filter = "bilinear") -> Apply:
    """`resize(h,w)` squashes to height and width; `resize(s)` brings the shorter side to s.

    The longer side is then floor(s * longer / shorter), as torchvision's `Resize` has it.
    """
    check_sizes(size_px)
    if len(size_px) not in {1, 2}:
        raise ValueError(
            f"{len(size_px)} sizes were given; give one (the shorter side) or height and width."
        )

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        if len(size_px) == 2:
            return resized(image_HWC, size_px[0], size_px[1], filter)
        return resized(image_HWC, *with_shorter_side(height, width, size_px[0]), filter)

    return apply


@operation("random_crop", kind="geometry", is_random=True)
def random_crop(size_px: int, step: int = 1) -> Apply:
    """A square of side size_px at a uniform position; offsets are multiples of `step`.

    step=2 keeps the phase of 2x2 blocks, which NPR reads.
    """
    check_sizes((size_px,))
    check_range("step", step, 1, LARGEST_SIZE_PX)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = room_for_crop("random_crop", image_HWC, size_px)
        top = int(rng.integers(0, height // step + 1)) * step
        left = int(rng.integers(0, width // step + 1)) * step
        return image_HWC[top : top + size_px, left : left + size_px]

    return apply


@operation("random_resized_crop", kind="geometry", is_random=True)
def random_resized_crop(
    size_px: int,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (0.75, 1.3333),
    filter: Filter | Literal["bilinear_or_bicubic"] = "bilinear",
) -> Apply:
    """Torchvision's `RandomResizedCrop`: a random rectangle, squashed to a square of side size_px.

    Its share of the area is uniform in `scale` (above 0, to 1), width / height log-uniform in
    `ratio` (0.05 to 20), its place uniform; after ten that do not fit the largest in the middle
    within `ratio`. From Inception (Szegedy et al., arXiv 1409.4842). It resamples each image
    otherwise, which erases the traces of generators on purpose. timm draws the filter too:
    "bilinear_or_bicubic".
    """
    check_sizes((size_px,))
    check_span("scale", scale, 1e-6, 1)
    check_span("ratio", ratio, 0.05, 20)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        is_bicubic = rng.random() < 0.5
        top, left, height, width = _random_rectangle(image_HWC.shape, scale, ratio, rng)
        part_HWC = image_HWC[top : top + height, left : left + width]
        if filter == "bilinear_or_bicubic":
            return resized(part_HWC, size_px, size_px, "bicubic" if is_bicubic else "bilinear")
        return resized(part_HWC, size_px, size_px, filter)

    return apply


def _random_rectangle(
    shape: tuple[int, ...],
    scale: tuple[float, float],
    ratio: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[int, int, int, int]:
    """Top, left, height, width of a rectangle within an image; see `random_resized_crop`."""
    height, width = shape[:2]
    for _ in range(10):
        area = height * width * rng.uniform(*scale)
        width_to_height = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        across = round(math.sqrt(area * width_to_height))
        down = round(math.sqrt(area / width_to_height))
        if 0 < across <= width and 0 < down <= height:
            top = int(rng.integers(0, height - down, endpoint=True))
            return top, int(rng.integers(0, width - across, endpoint=True)), down, across
    across = min(width, max(1, round(height * ratio[1])))
    down = min(height, max(1, round(width / ratio[0])))
    return (height - down) // 2, (width - across) // 2, down, across


@operation("center_crop", kind="geometry")
def center_crop(size_px: int, step: int = 1) -> Apply:
    """The square of side size_px in the middle; offsets rounded down to multiples of `step`.

    With step=1 the offset is round(room / 2), ties to even, as torchvision's `CenterCrop` has it
    where nothing has to be padded.
    """
    check_sizes((size_px,))
    check_range("step", step, 1, LARGEST_SIZE_PX)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = room_for_crop("center_crop", image_HWC, size_px)
        top = round(height / 2) // step * step
        left = round(width / 2) // step * step
        return image_HWC[top : top + size_px, left : left + size_px]

    return apply


@operation("hflip", kind="geometry", is_random=True, keeps_size=True)
def hflip(p: float = 0.5) -> Apply:
    """Mirror left and right with probability p."""
    check_range("p", p, 0, 1)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return mirrored(image_HWC) if rng.random() < p else image_HWC

    return apply


@operation("vflip", kind="geometry", is_random=True, keeps_size=True)
def vflip(p: float = 0.5) -> Apply:
    """Mirror above and below with probability p."""
    check_range("p", p, 0, 1)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        return image_HWC[::-1] if rng.random() < p else image_HWC

    return apply


def mirrored(image_HWC: Image) -> Image:
    """The image with left and right exchanged."""
    # Copied plane by plane: twice as fast as numpy's copy of a view with three reversed bytes.
    mirrored_HWC = np.empty_like(image_HWC, order="C")
    for channel in range(3):
        mirrored_HWC[:, :, channel] = image_HWC[:, ::-1, channel]
    return mirrored_HWC


@operation("trim", kind="geometry")
def trim(multiple: int) -> Apply:
    """Drop the last rows and columns until height and width are multiples."""
    check_range("multiple", multiple, 1, LARGEST_SIZE_PX)

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        height, width = image_HWC.shape[:2]
        room_for_crop("trim", image_HWC, multiple)
        return image_HWC[: height - height % multiple, : width - width % multiple]

    return apply


def resized(image_HWC: Image, height: int, width: int, filter: Filter) -> Image:
    """The image at another size by Pillow, antialiased; itself when it has the size.

    Raises:
        TooLarge: the result would have more than LARGEST_RESULT_PIXELS pixels.
    """
    if image_HWC.shape[:2] == (height, width):
        return image_HWC
    if height * width > LARGEST_RESULT_PIXELS:
        raise TooLarge(
            f"An image of {_size(image_HWC)} pixels would become {height} x {width}, more than "
            f"{LARGEST_RESULT_PIXELS} pixels; give resize both sides, or leave the image out."
        )
    picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
    return np.asarray(picture.resize((width, height), PIL.Image.Resampling[filter.upper()]))


def with_shorter_side(height: int, width: int, size_px: int) -> tuple[int, int]:
    """Height and width with the shorter side at size_px, the proportions kept."""
    if height <= width:
        return size_px, size_px * width // height
    return size_px * height // width, size_px


def room_for_crop(name: str, image_HWC: Image, size_px: int) -> tuple[int, int]:
    """Rows and columns left over by a square of side size_px.

    Raises:
        TooSmall: the square does not fit.
    """
    height, width = image_HWC.shape[:2]
    if min(height, width) < size_px:
        raise TooSmall(
            f"{name}({size_px}) does not fit into an image of {_size(image_HWC)} pixels; put "
            f"tile({size_px}), reflect({size_px}) or upsample({size_px}) before it, "
            "or choose a smaller size."
        )
    return height - size_px, width - size_px


def check_sizes(sizes_px: tuple[int, ...]) -> None:
    """Refuse sizes in pixels outside 1 to LARGEST_SIZE_PX."""
    for size_px in sizes_px:
        check_range("size", size_px, 1, LARGEST_SIZE_PX)


def check_range(name: str, value: float, lowest: float, highest: float) -> None:
    """Refuse a parameter outside [lowest, highest] with a ValueError."""
    if not lowest <= value <= highest:
        raise ValueError(
            f"{name} {value} is out of range; give a value from {lowest} to {highest}."
        )


def check_span(name: str, span: tuple[float, float], lowest: float, highest: float) -> None:
    """Refuse a pair of bounds that do not rise or leave [lowest, highest], with a ValueError."""
    check_range(name, span[1], lowest, highest)
    check_range(name, span[0], lowest, span[1])


def _size(image_HWC: Image) -> str:
    return f"{image_HWC.shape[0]} x {image_HWC.shape[1]} (height x width)"
