"""Header facts of ordinary JPEG and PNG files, read without Pillow.

Its header readers cost more than reading and hashing a small file, and hold Python's lock.
What is not ordinary (EXIF that Pillow parses, ICC in PNG, several pictures, 16 bits, anything
damaged) is left to Pillow: the answer is None, never a guess. Where there is an answer it is
Pillow's own.
"""

import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

from data.header_facts import subsampling_of
from data.image_files import MOST_PIXELS
from data.jpeg_tables import tables_text

_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_APP0, _APP1, _APP2, _APP13, _APP14, _COMMENT = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE
_TABLES, _SCAN = 0xDB, 0xDA
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_PASSED_OVER = frozenset({0xC4, 0xDD})  # Huffman tables, restart interval
# Pillow parses a segment that begins so, and what it finds may change what the file is.
_SEVERAL_PICTURES = b"MPF\0"
_EXIF, _PHOTOSHOP = b"Exif\0\0", b"Photoshop 3.0\0"
# Where Pillow reads at fixed places: the shortest segment in which these are.
_SHORTEST = {_APP0: (b"JFIF", 7), _APP2: (b"ICC_PROFILE\0", 14), _APP14: (b"Adobe", 7)}
# Natural place of each value in a table as it is stored (ITU-T T.81, figure A.6).
# fmt: off
_ZIGZAG = (
    0, 1, 5, 6, 14, 15, 27, 28, 2, 4, 7, 13, 16, 26, 29, 42,
    3, 8, 12, 17, 25, 30, 41, 43, 9, 11, 18, 24, 31, 40, 44, 53,
    10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38, 46, 51, 55, 60,
    21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63,
)
# fmt: on
_PNG_KINDS = frozenset({0, 2, 3, 4, 6})  # colour types, all with 8 bits
# Chunks before the pixels, with the length that Pillow needs; others are left to it.
_PNG_CHUNKS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}
_PNG_TEXT, _PNG_EXIF = b"tEXt", b"eXIf"
_PNG_LATER = frozenset({_PNG_TEXT, b"zTXt", b"iTXt", _PNG_EXIF, b"iCCP", b"caBX"})


class QuickFacts(NamedTuple):
    """The facts of a file but its image_id: see `data.image_files.FileFacts`."""

    format: str
    width: int
    height: int
    jpeg_tables: str
    subsampling: str
    metadata_bytes: int


def quick_facts(content: bytes) -> QuickFacts | None:
    """The facts of an ordinary file with these bytes, None where Pillow has to look."""
    try:
        if content.startswith(_JPEG_START):
            return _jpeg(content)
        if content.startswith(_PNG_START):
            return _png(content)
    except (IndexError, struct.error):  # it ends within its header
        pass
    return None


def _jpeg(content: bytes) -> QuickFacts | None:
    frame: bytes | None = None
    tables: dict[int, bytes] = {}
    metadata = 0
    has_density = False
    place = 2
    while True:
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        length = content[place + 2] << 8 | content[place + 3]
        start, place = place + 4, place + 2 + length
        if length < 2 or place > len(content):
            return None
        if marker == _SCAN:
            break
        body = content[start:place]
        if marker == _TABLES:
            if len(body) % 65:
                return None
            for at in range(0, len(body), 65):
                if body[at] > 15:  # 16 bits
                    return None
                tables[body[at]] = body[at + 1 : at + 65]
        elif marker in _FRAMES:
            if frame is not None:
                return None
            frame = body
        elif 0xE0 <= marker <= 0xEF or marker == _COMMENT:
            if not _is_ordinary(marker, body, has_density):
                return None
            has_density = has_density or (marker == _APP0 and _says_density(body))
            metadata += 0 if marker in (_APP0, _APP14) else len(body)
        elif marker not in _PASSED_OVER:
            return None
    # From the end, where it stands unless something was appended.
    if frame is None or content.rfind(_JPEG_END) < 0:
        return None
    return _jpeg_facts(frame, tables, metadata)


def _is_ordinary(marker: int, body: bytes, has_density: bool) -> bool:
    """Whether Pillow keeps the segment as it is, or parses it without an error."""
    if marker == _APP1 and body.startswith(_EXIF):
        # Pillow looks into EXIF for the density alone, where JFIF has not said it before.
        return has_density
    if marker == _APP2 and body.startswith(_SEVERAL_PICTURES):
        return False
    if marker == _APP13 and body.startswith(_PHOTOSHOP):
        return _has_whole_resources(body)
    prefix, shortest = _SHORTEST.get(marker, (b"", 0))
    return len(body) >= shortest or not body.startswith(prefix)


def _says_density(app0: bytes) -> bool:
    """Whether JFIF tells pixels per inch (1) or per centimetre (2)."""
    return app0.startswith(b"JFIF") and len(app0) >= 12 and app0[7] in (1, 2)


def _has_whole_resources(app13: bytes) -> bool:
    """Whether Photoshop's blocks are whole: kind, code, name, size, content, each part padded."""
    place = len(_PHOTOSHOP)
    while app13.startswith(b"8BIM", place):
        name = place + 6
        size = name + 1 + app13[name]
        size += size & 1
        place = size + 4 + struct.unpack_from(">I", app13, size)[0]
        place += place & 1
    return True


def _jpeg_facts(frame: bytes, tables: dict[int, bytes], metadata: int) -> QuickFacts | None:
    if len(frame) < 6:
        return None
    bits, height, width, components = struct.unpack_from(">BHHB", frame)
    if bits != 8 or components not in (1, 3, 4) or len(frame) != 6 + 3 * components:
        return None
    if not 0 < width * height <= MOST_PIXELS:
        return None
    factors, numbers = frame[7::3], frame[8::3]
    if not tables.keys() >= set(numbers):
        return None
    text = _text_of_stored(tuple(tables[number] for number in dict.fromkeys(numbers)))
    return QuickFacts("JPEG", width, height, text, _subsampling(factors), metadata)


@lru_cache(maxsize=4096)
def _text_of_stored(tables: tuple[bytes, ...]) -> str:
    natural = {number: [table[place] for place in _ZIGZAG] for number, table in enumerate(tables)}
    return tables_text(natural, range(len(tables)))


@lru_cache(maxsize=256)
def _subsampling(factors: bytes) -> str:
    return subsampling_of([(each >> 4, each & 15) for each in factors])


def _png(content: bytes) -> QuickFacts | None:
    width, height, bits, colours, _, filters, _ = struct.unpack_from(">IIBBBBB", content, 16)
    if bits != 8 or colours not in _PNG_KINDS or filters:
        return None
    if not 0 < width * height <= MOST_PIXELS or not _is_whole(content, 8, 13):
        return None
    metadata = 0
    place, has_pixels = 33, False
    while True:
        length, kind = struct.unpack_from(">I4s", content, place)
        if kind == b"IDAT":
            has_pixels = True
        elif has_pixels:
            if kind == b"IEND" and place + 12 <= len(content):
                return QuickFacts("PNG", width, height, "", "", metadata)
            if not kind.isalpha():
                return None
            metadata += length if kind in _PNG_LATER else 0
        else:
            if not _is_ordinary_chunk(kind, length, colours) or not _is_whole(
                content, place, length
            ):
                return None
            metadata += length if kind in _PNG_LATER else 0
        place += 12 + length


def _is_ordinary_chunk(kind: bytes, length: int, colours: int) -> bool:
    if kind in (_PNG_TEXT, _PNG_EXIF, b"PLTE"):
        return True
    if kind == b"tRNS":
        return colours == 3
    return _PNG_CHUNKS.get(kind) == length


def _is_whole(content: bytes, place: int, length: int) -> bool:
    """Whether a chunk is there and its checksum is right."""
    end = place + 8 + length
    stored = content[end : end + 4]
    return len(stored) == 4 and zlib.crc32(content[place + 4 : end]).to_bytes(4, "big") == stored
