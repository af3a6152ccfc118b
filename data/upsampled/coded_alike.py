"""A fake as a file that is coded as the photograph that it was made of.

Format, size, quantisation tables and subsampling are the photograph's, so no header tells the two
apart, and what the last compression leaves in the pixels is left in both. Metadata are not copied,
since a fake with a camera's name or a signed history would lie: filler of the same length stands
in their place.
"""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image
from PIL import PngImagePlugin, TiffImagePlugin

from data.image_files import FileFacts, facts_of
from data.jpeg_tables import table_values
from data.matching.coding import WRITABLE, Coding, why_not_writable
from data.pipelines import Image

SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "BMP": ".bmp", "TIFF": ".tif"}
_FILLER = b"crossgen simulate: no metadata of a photograph. "
_MOST_PER_COMMENT = 65_533  # bytes in a JPEG's segment
_GREY = "grey"
_LOSSLESS_TIFF = frozenset({"raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate"})
_DESCRIPTION = 270  # tag of TIFF


class NotCodedAlike(ValueError):
    """No file can be written as a photograph is coded; says why."""


def coded_alike(
    image_HWC: Image, photograph: PIL.Image.Image, facts: FileFacts, content: bytes
) -> bytes:
    """The file of a fake.

    Args:
        image_HWC: uint8 RGB of the photograph's size; all channels equal where that is grey.
        photograph: opened, for what Pillow knows of its coding.
        facts: of its file.
        content: of its file.

    Raises:
        NotCodedAlike: the photograph's coding is none that can be written.
    """
    if facts.format not in SUFFIXES:
        raise NotCodedAlike(
            f"{facts.format} is no format in which a fake can be coded as its photograph is "
            f"({', '.join(SUFFIXES)} are)"
        )
    if photograph.mode in ("P", "PA", "1"):
        raise NotCodedAlike("its few colours (a palette) would tell it from a fake, which has more")
    written = _WRITERS[facts.format](image_HWC, photograph, facts, content)
    found = facts_of(written, "a fake")
    if found[1:] != facts[1:]:
        differs = [f for f, a, b in zip(facts._fields, facts, found, strict=True) if a != b]
        raise NotCodedAlike(f"a fake coded so has another {' and '.join(differs[1:])}")
    return written


def _jpeg(image_HWC: Image, photograph: Any, facts: FileFacts, content: bytes) -> bytes:
    is_grey = facts.subsampling == _GREY
    coding = Coding(facts.jpeg_tables, "4:4:4" if is_grey else facts.subsampling)
    if why := why_not_writable(coding):
        raise NotCodedAlike(why)
    if photograph.info.get("adobe_transform") == 0:
        raise NotCodedAlike("it is a JPEG of RGB, and only one of YCbCr can be written")
    settings: dict[str, Any] = {} if is_grey else {"subsampling": WRITABLE[coding.subsampling]}
    encoded = io.BytesIO()
    _picture(image_HWC, is_grey).save(
        encoded,
        "JPEG",
        qtables=table_values(coding.tables),
        progressive=bool(photograph.info.get("progressive")),
        **settings,
    )
    written, left = encoded.getvalue(), facts.metadata_bytes
    comments = b""
    while left:
        size = min(left, _MOST_PER_COMMENT)
        comments += b"\xff\xfe" + (size + 2).to_bytes(2, "big") + _filler(size)
        left -= size
    return written[:2] + comments + written[2:]


def _png(image_HWC: Image, photograph: Any, facts: FileFacts, content: bytes) -> bytes:
    picture = _picture(image_HWC, photograph.mode in ("L", "LA") or photograph.mode[0] == "I")
    if photograph.mode in ("LA", "RGBA"):
        picture.putalpha(photograph.getchannel("A"))
    text = PngImagePlugin.PngInfo()
    if facts.metadata_bytes:
        # A keyword of one letter and the zero behind it are counted.
        text.add(b"tEXt", b"c\0" + _filler(max(facts.metadata_bytes - 2, 0)))
    encoded = io.BytesIO()
    level = _compression_of(content, picture.width * picture.height * len(picture.getbands()))
    picture.save(encoded, "PNG", pnginfo=text, compress_level=level)
    return encoded.getvalue()


def _compression_of(content: bytes, size: int) -> int:
    """The zlib level that a PNG's first compressed bytes name (RFC 1950), for equal lengths.

    Args:
        content: of the file.
        size: bytes of its pixels.
    """
    if len(content) >= size:
        return 0  # stored as it is, which zlib calls fastest too
    place = content.find(b"IDAT")
    return (1, 4, 6, 9)[content[place + 5] >> 6]


def _bmp(image_HWC: Image, photograph: Any, facts: FileFacts, content: bytes) -> bytes:
    encoded = io.BytesIO()
    _picture(image_HWC, photograph.mode == "L").save(encoded, "BMP")
    return encoded.getvalue()


def _tiff(image_HWC: Image, photograph: Any, facts: FileFacts, content: bytes) -> bytes:
    compression = photograph.info.get("compression", "raw")
    if compression not in _LOSSLESS_TIFF:
        raise NotCodedAlike(f"a TIFF coded as {compression} does not say how strongly")
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if facts.metadata_bytes:
        # The zero behind a text is counted.
        tags[_DESCRIPTION] = _filler(facts.metadata_bytes - 1).decode("ascii")
    picture = _picture(image_HWC, photograph.mode == "L" or photograph.mode[0] == "I")
    encoded = io.BytesIO()
    picture.save(encoded, "TIFF", compression=compression, tiffinfo=tags)
    return encoded.getvalue()


def _picture(image_HWC: Image, is_grey: bool) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.ascontiguousarray(image_HWC[..., 1] if is_grey else image_HWC))


def _filler(size: int) -> bytes:
    return (_FILLER * (size // len(_FILLER) + 1))[:size]


_WRITERS: dict[str, Callable[[Image, Any, FileFacts, bytes], bytes]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "BMP": _bmp,
    "TIFF": _tiff,
}
