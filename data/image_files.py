"""A file of an image, before its pixels: what its header says and what is refused at the door.

Errors:
    UnreadableImage   the bytes are no image that is taken here; the same on every try
    ImageTooLarge     there is no room for it here; the same on every try on this machine
    ImageChanged      the bytes are not those that were indexed
An OSError (a missing file, a broken disk) is passed on as it is: another try may succeed, so it
must never be recorded as a property of the image.
"""

import hashlib
import io
import os
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple

import PIL.Image

# Named here so that Pillow does not import its other forty formats to look for them.
from PIL import (  # noqa: F401
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from data.cut_short import is_cut_short
from data.header_facts import header_facts
from data.header_reader import HeaderReader, raise_fault_of
from data.image_digest import LENGTH, image_id_of
from data.quiet_pillow import keep_pillow_quiet

# Recognised by content, never by the extension. Nothing here starts another program (as EPS does).
# A JPEG with several pictures in it (many phones) is opened as JPEG and calls itself MPO.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
MODES = frozenset(
    {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16L", "I;16B"}
)
# Pillow's own limit, above which it warns of a decompression bomb; here it is refused.
MOST_PIXELS = 89_478_485
# Files up to this size are read at once, which is fastest; of larger ones no more than is needed.
MOST_BYTES_AT_ONCE = 16 * 1024**2
_OTHERS_SHOWN = 10


class UnreadableImage(ValueError):
    """The bytes of a file are no image that is taken here."""

    def __init__(self, path: str | Path, reason: str, image_id: str = "") -> None:
        super().__init__(str(path), reason, image_id)
        self.path = str(path)
        self.reason = reason
        self.image_id = image_id  # "" where only the bytes were given
        self.others: list[UnreadableImage] = []  # images at fault that were met after this one
        self.advice = "Mend, replace or remove the file, and index again."

    def add_others(self, faults: Iterable["UnreadableImage"]) -> None:
        """Note more images at fault, each once."""
        known = {self.image_id, *(other.image_id for other in self.others)}
        for fault in faults:
            for each in (fault, *fault.others):
                if each.image_id not in known:
                    known.add(each.image_id)
                    self.others.append(each)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. {self._others()}{self.advice}"

    def _others(self) -> str:
        if not self.others:
            return ""
        shown = "; ".join(f"{other.path}: {other.reason}" for other in self.others[:_OTHERS_SHOWN])
        more = len(self.others) - _OTHERS_SHOWN
        return f"Also at fault: {shown}{f' and {more} more' if more > 0 else ''}. "


class ImageTooLarge(UnreadableImage):
    """A whole image for which the memory here does not suffice."""

    def __init__(self, path: str | Path, reason: str, image_id: str = "") -> None:
        super().__init__(path, reason, image_id)
        self.advice = (
            "Run fewer trials at a time (--slots, or cpu: under resources:), choose an `input` "
            "that crops or resizes, or take the image out; `unreadable: null_score` makes its "
            "logit null."
        )


class ImageChanged(ValueError):
    """A file holds other bytes than those that were indexed."""

    def __init__(self, path: str | Path, expected: str, found: str) -> None:
        super().__init__(str(path), expected, found)
        self.path = str(path)
        self.image_id = expected
        self.found = found

    def __str__(self) -> str:
        return (
            f"{self.path} was indexed as image {self.image_id} but now holds {self.found}; "
            "put the indexed file back, or index again with --rehash and plan anew."
        )


class FileFacts(NamedTuple):
    """What a file says about itself before it is decoded."""

    image_id: str
    format: str  # Pillow's name, from the content
    width: int  # pixels as stored: an EXIF orientation is not applied
    height: int
    jpeg_tables: str  # this and the next two: see `data.header_facts.HeaderFacts`
    subsampling: str
    metadata_bytes: int


def facts_of(content: bytes | BufferedReader, path: str | Path) -> FileFacts:
    """The facts of a file with these bytes; a large one may be given open.

    Raises:
        UnreadableImage: refused by its header or visibly cut short.
    """
    with opened(content, path) as picture:
        whole: BinaryIO = io.BytesIO(content) if isinstance(content, bytes) else content
        tables, subsampling, metadata = header_facts(picture, whole)
        width, height = picture.size
        return FileFacts(
            id_of(content), str(picture.format), width, height, tables, subsampling, metadata
        )


def content_of(file: BufferedReader) -> bytes | BufferedReader:
    """The bytes of an open file, or the file itself where it is large."""
    is_large = os.fstat(file.fileno()).st_size > MOST_BYTES_AT_ONCE
    return file if is_large else file.read()


def id_of(content: bytes | BufferedReader) -> str:
    """The image_id of a file with these bytes, a large one read part by part."""
    if isinstance(content, bytes):
        return image_id_of(content)
    content.seek(0)
    return hashlib.file_digest(content, "sha256").hexdigest()[:LENGTH]


def opened(content: bytes | BufferedReader, path: str | Path) -> PIL.Image.Image:
    """The picture with its header read and its pixels not yet decoded.

    Args:
        content: its bytes, or a large file, which must stay open until the pixels are decoded.
        path: for the message.

    Raises:
        UnreadableImage: empty, of no known format, cut short, too large, or of a pixel type whose
            range is unknown.
    """
    if not content:
        raise UnreadableImage(path, "the file is empty (0 bytes)")
    keep_pillow_quiet()
    if isinstance(content, bytes):
        file: io.BytesIO | HeaderReader = io.BytesIO(content)
    else:
        content.seek(0)
        file = HeaderReader(content)
    try:
        picture = PIL.Image.open(file, formats=FORMATS)  # type: ignore[arg-type]
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise UnreadableImage(path, f"more than {MOST_PIXELS:,} pixels") from error
    except PIL.UnidentifiedImageError as error:
        raise_fault_of(file)
        raise UnreadableImage(path, f"not an image in {', '.join(FORMATS)}") from error
    # Pillow's readers raise almost anything on malformed bytes: struct.error, KeyError, ...
    except Exception as error:
        raise_fault_of(file)
        raise UnreadableImage(path, f"broken header ({type(error).__name__}: {error})") from error
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnreadableImage(path, f"{width} x {height} is more than {MOST_PIXELS:,} pixels")
    if width * height == 0:
        raise UnreadableImage(path, f"{width} x {height} has no pixels")
    if picture.mode not in MODES:
        raise UnreadableImage(
            path, f"pixels of mode {picture.mode} have no stated range to bring to 8 bits"
        )
    whole: BinaryIO = io.BytesIO(content) if isinstance(content, bytes) else content
    before = whole.tell()
    if is_cut_short(whole, str(picture.format)):
        raise UnreadableImage(path, "truncated: the end of the file is missing")
    whole.seek(before)
    if isinstance(file, HeaderReader):
        file.header_is_read()
    return picture
