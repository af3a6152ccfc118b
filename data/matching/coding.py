"""JPEG coding with given quantisation tables, as another file was coded."""

import io
from typing import NamedTuple

import numpy as np
import PIL.Image

from data.pipelines import Image

# Pillow's numbers of what it can write. 4:4:0, 4:1:1 and grey it reads only.
WRITABLE = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
# The largest block that one of these codes as a whole: 8 x 8 coefficients, chroma halved both ways.
MCU_PX = 16
_VALUES = 64


class Coding(NamedTuple):
    """How a file was coded: as a manifest says it; both are "" where it was coded without loss."""

    tables: str
    subsampling: str


LOSSLESS = Coding("", "")


def table_values(tables: str) -> list[list[int]]:
    """The quantisation tables that a text of a manifest means, luma first.

    Args:
        tables: lower-case hexadecimal, 64 values to a table in natural order, two digits a value
            or four, tables joined by ":".

    Raises:
        ValueError: it is no such text.
    """
    found = []
    for text in tables.split(":"):
        digits = len(text) // _VALUES
        if digits not in (2, 4) or len(text) != digits * _VALUES:
            raise ValueError(
                f"{text[:20]!r}... of {len(text)} characters is no quantisation table; give 64 "
                "values of two or of four hexadecimal digits."
            )
        values = [int(text[at : at + digits], 16) for at in range(0, len(text), digits)]
        if 0 in values:
            raise ValueError(f"{text[:20]!r}... divides by 0; a table's values are 1 or more.")
        found.append(values)
    return found


def coded_as(image_HWC: Image, coding: Coding) -> Image:
    """The image after one JPEG encoding with these tables, and decoding.

    Args:
        image_HWC: uint8 RGB.
        coding: what is done; LOSSLESS gives the image itself.

    Raises:
        ValueError: a text is no quantisation table, or a subsampling cannot be written.
        RuntimeError: the file that was written has other tables.
    """
    if coding == LOSSLESS:
        return image_HWC
    if coding.subsampling not in WRITABLE:
        raise ValueError(
            f"subsampling {coding.subsampling!r} cannot be written here; take one of "
            f"{', '.join(WRITABLE)}."
        )
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
