"""Lossy WebP coding in memory, by Pillow (libwebp)."""

import io

import numpy as np
import PIL.Image

from data.pipelines import Image

LONGEST_WEBP_PX = 16383
"""What the 14 bits for a side hold (RFC 6386, section 9.1)."""
# Pillow's default effort, stated so that another default would not change pixels.
_METHOD = 4


def webp_coded(image_HWC: Image, quality: int) -> Image:
    """The image after one lossy WebP encoding and decoding; chroma is halved, as the format says.

    Args:
        image_HWC: uint8 RGB, sides up to LONGEST_WEBP_PX.
        quality: 1 to 100, libwebp's scale.
    """
    encoded = io.BytesIO()
    picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
    picture.save(encoded, "WEBP", quality=quality, method=_METHOD)
    with PIL.Image.open(encoded, formats=["WEBP"]) as decoded:
        return np.array(decoded.convert("RGB"))
