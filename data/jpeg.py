"""JPEG coding in memory, by Pillow (libjpeg-turbo)."""

import io
from typing import Literal

import numpy as np
import PIL.Image

from data.pipelines import Image

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
LONGEST_JPEG_PX = 65500
"""What libjpeg writes and reads (JPEG_MAX_DIMENSION); the format's 16 bits would hold 65,535."""


def jpeg_coded(image_HWC: Image, quality: int, subsampling: Subsampling) -> Image:
    """The image after one JPEG encoding and decoding.

    Args:
        image_HWC: uint8 RGB, sides up to LONGEST_JPEG_PX.
        quality: 1 to 100, libjpeg's scale.
        subsampling: of the chroma planes.
    """
    encoded = io.BytesIO()
    picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
    picture.save(encoded, "JPEG", quality=quality, subsampling=subsampling)
    with PIL.Image.open(encoded, formats=["JPEG"]) as decoded:
        return np.array(decoded)
