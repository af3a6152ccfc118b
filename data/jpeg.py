"""JPEG coding in memory, by Pillow (libjpeg-turbo)."""

import io
from typing import Literal

import numpy as np
import PIL.Image

from data.pipelines import Image

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]


def jpeg_coded(image_HWC: Image, quality: int, subsampling: Subsampling) -> Image:
    """The image after one JPEG encoding and decoding.

    Args:
        image_HWC: uint8 RGB.
        quality: 1 to 100, libjpeg's scale.
        subsampling: of the chroma planes.
    """
    encoded = io.BytesIO()
    picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
    picture.save(encoded, "JPEG", quality=quality, subsampling=subsampling)
    with PIL.Image.open(encoded, formats=["JPEG"]) as decoded:
        return np.array(decoded)
