"""How many bytes of a PNG, WebP, GIF or TIFF file are metadata, found without decoding.

Counted is what is stored of EXIF, ICC profiles, XMP, IPTC, C2PA manifests, comments and texts, each
without the frame that the format puts around it. (JPEG: see `data.header_facts`.)
"""

import os
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

_PNG = frozenset({b"eXIf", b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"caBX"})
_WEBP = frozenset({b"EXIF", b"ICCP", b"XMP ", b"C2PA"})
_GIF_LOOPS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})
# Description, maker, model, software, date, artist, host, copyright; XMP, IPTC, Photoshop's, ICC.
_TIFF_TAGS = frozenset({270, 271, 272, 305, 306, 315, 316, 33432, 700, 33723, 34377, 34675})
_TIFF_DIRECTORIES = frozenset({34665, 34853})  # EXIF and GPS: all that they hold is counted
_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_STEPS = 200_000  # chunks, blocks and entries that are looked at: no image has as many


def metadata_bytes(file: BinaryIO, format: str) -> int:
    """The bytes of metadata in a file, 0 for formats that have none here.

    Malformed metadata counts as far as it can be followed. The file's position moves.
    """
    parts = _PARTS.get(format)
    total = 0
    try:
        for _, size in zip(range(_MOST_STEPS), parts(file) if parts else (), strict=False):
            total += size
    except EOFError:
        pass
    return total


def _png(file: BinaryIO) -> Iterator[int]:
    file.seek(8)
    kind = b""
    while kind != b"IEND":
        size = int.from_bytes(_read(file, 4), "big")
        kind = _read(file, 4)
        yield size if kind in _PNG else 0
        file.seek(size + 4, os.SEEK_CUR)


def _webp(file: BinaryIO) -> Iterator[int]:
    file.seek(12)
    while True:
        kind = _read(file, 4)
        size = int.from_bytes(_read(file, 4), "little")
        yield size if kind in _WEBP else 0
        file.seek(size + size % 2, os.SEEK_CUR)


def _gif(file: BinaryIO) -> Iterator[int]:
    file.seek(0)
    file.seek(_gif_palette(_read(file, 13)[10]), os.SEEK_CUR)
    while (kind := _read(file, 1)) != b";":
        if kind == b",":  # a picture: its place, its palette, the size of its codes
            file.seek(_gif_palette(_read(file, 9)[8]) + 1, os.SEEK_CUR)
            counts = False
        elif kind == b"!":  # an extension: 254 is a comment, 255 an application's
            label = _read(file, 1)[0]
            name = _read(file, _read(file, 1)[0]) if label == 255 else b""
            counts = label >= 254 and name not in _GIF_LOOPS
        else:
            return
        while size := _read(file, 1)[0]:
            yield size if counts else 0
            file.seek(size, os.SEEK_CUR)


def _gif_palette(flags: int) -> int:
    """Bytes of the palette that a GIF's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _tiff(file: BinaryIO) -> Iterator[int]:
    """The tags of the first picture, and of its EXIF and GPS directories. BigTIFF is not read."""
    file.seek(0)
    head = _read(file, 8)
    order = "<" if head[:2] == b"II" else ">"
    magic, first = struct.unpack(f"{order}2xHI", head)
    if magic != 42:
        return
    waiting = [(first, False)]
    while waiting:
        place, counts_all = waiting.pop()
        file.seek(place)
        (entries,) = struct.unpack(f"{order}H", _read(file, 2))
        for _ in range(entries):
            tag, kind, count, value = struct.unpack(f"{order}HHII", _read(file, 12))
            if tag in _TIFF_DIRECTORIES and not counts_all:
                waiting.append((value, True))
            wanted = counts_all or tag in _TIFF_TAGS
            yield _TIFF_SIZES.get(kind, 0) * count if wanted else 0


def _read(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


_PARTS: dict[str, Callable[[BinaryIO], Iterator[int]]] = {
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
    "TIFF": _tiff,
}
