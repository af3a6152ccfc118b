"""What a file's header tells beside its size: how a JPEG was coded, how much metadata there is.

All of it is informative and part of no identity. Labels can often be read from it: photographs have
a camera's tables and EXIF, fakes one encoder's tables and none.
"""

from typing import BinaryIO, NamedTuple

import PIL.Image
from PIL import JpegImagePlugin

from data.jpeg_tables import tables_text
from data.metadata_bytes import metadata_bytes

# By the luma component's sampling factors over the chroma components', across and down.
_SUBSAMPLING = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
}
# JFIF's density and thumbnail and Adobe's colour transform say how to decode and show a JPEG.
_JPEG_CODING = frozenset({"APP0", "APP14"})


class HeaderFacts(NamedTuple):
    """What a header tells beside format and size."""

    jpeg_tables: str  # see `data.jpeg_tables`; "" where the file is no JPEG
    subsampling: str  # 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1, grey or other; "" where it is no JPEG
    metadata_bytes: int  # of EXIF, ICC, XMP, IPTC, C2PA, comments and texts, as they are stored


def header_facts(picture: PIL.Image.Image, file: BinaryIO) -> HeaderFacts:
    """The facts of a picture whose header Pillow has read, and of the file that it was read from.

    Of a JPEG what stands before its pixels is counted (the tables of an EXIF thumbnail are not the
    picture's), of other formats what stands anywhere in the file. The file's position moves.
    """
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return HeaderFacts("", "", metadata_bytes(file, str(picture.format)))
    layers = picture.layer  # (id, across, down, number of the table) of each component
    return HeaderFacts(
        tables_text(picture.quantization, [table for *_, table in layers]),
        subsampling_of([(across, down) for _, across, down, _ in layers]),
        sum(len(data) for name, data in picture.applist if name not in _JPEG_CODING),
    )


def subsampling_of(factors: list[tuple[int, int]]) -> str:
    """The usual name for the sampling factors (across, down) of a JPEG's components."""
    if len(factors) == 1:
        return "grey"
    if len(factors) != 3 or factors[1] != factors[2] or 0 in factors[1]:
        return "other"
    (across, down), (chroma_across, chroma_down), _ = factors
    if across % chroma_across or down % chroma_down:
        return "other"
    return _SUBSAMPLING.get((across // chroma_across, down // chroma_down), "other")
