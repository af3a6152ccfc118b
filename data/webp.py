"""Lossy WebP coding in memory, by Pillow (libwebp)."""

import io

import numpy as np
import PIL.Image

from data.pipelines import Image, PipelineError

# What the format's 14 bits for a side hold.
LARGEST_SIDE_PX = 16383
# Pillow's default effort, stated so that another default would not change pixels.
_METHOD = 4


def webp_coded(image_HWC: Image, quality: int) -> Image:
    """The image after one lossy WebP encoding and decoding; chroma is halved, as the format says.

    Args:
        image_HWC: uint8 RGB.
        quality: 1 to 100, libwebp's scale.

    Raises:
        PipelineError: a side is longer than the format allows.
    """
    if max(image_HWC.shape[:2]) > LARGEST_SIDE_PX:
        raise PipelineError(
            f"webp({quality}): an image of {image_HWC.shape[1]} x {image_HWC.shape[0]} pixels is "
            f"larger than WebP's {LARGEST_SIDE_PX} on a side; put a resize before it."
        )
    encoded = io.BytesIO()
    picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
    picture.save(encoded, "WEBP", quality=quality, method=_METHOD)
    with PIL.Image.open(encoded, formats=["WEBP"]) as decoded:
        return np.array(decoded.convert("RGB"))
