"""JPEG coding with given quantisation tables, as another file was coded."""

import io
from typing import NamedTuple

import numpy as np
import PIL.Image

from data.jpeg_tables import table_values
from data.pipelines import Image

# Pillow's numbers of what it can write. 4:4:0, 4:1:1 and grey it reads only.
WRITABLE = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
# The largest block that one of these codes as a whole: 8 x 8 coefficients, chroma halved both ways.
MCU_PX = 16
_MOST = 32767  # of libjpeg


class Coding(NamedTuple):
    """How a file was coded: as a manifest says it; both are "" where it was coded without loss."""

    tables: str
    subsampling: str


LOSSLESS = Coding("", "")


def why_not_writable(coding: Coding) -> str:
    """Why no file can be written with a coding, "" where one can."""
    values = [value for table in table_values(coding.tables) for value in table]
    if values and not (min(values) >= 1 and max(values) <= _MOST):
        return f"its tables hold values from {min(values)} to {max(values)}, not 1 to {_MOST}"
    if coding != LOSSLESS and coding.subsampling not in WRITABLE:
        return f"its subsampling is {coding.subsampling!r}, none of {', '.join(WRITABLE)}"
    return ""


def coded_as(image_HWC: Image, coding: Coding) -> Image:
    """The image after one JPEG encoding with these tables, and decoding.

    Args:
        image_HWC: uint8 RGB.
        coding: what is done; LOSSLESS gives the image itself.

    Raises:
        ValueError: no file can be written with it.
        RuntimeError: the file that was written has other tables.
    """
    if coding == LOSSLESS:
        return image_HWC
    if why := why_not_writable(coding):
        raise ValueError(f"no JPEG can be written as {coding.tables[:20]!r}...: {why}.")
    tables = table_values(coding.tables)
    encoded = io.BytesIO()
    picture = PIL.Image.fromarray(np.ascontiguousarray(image_HWC))
    picture.save(encoded, "JPEG", qtables=tables, subsampling=WRITABLE[coding.subsampling])
    with PIL.Image.open(encoded, formats=["JPEG"]) as decoded:
        written = decoded.quantization  # type: ignore[attr-defined]
        if [list(values) for values in written.values()] != tables:
            raise RuntimeError(
                f"Pillow {PIL.__version__} wrote other quantisation tables than it was given, so "
                "fakes would not be coded as the reals are; install the pinned version."
            )
        return np.array(decoded)
