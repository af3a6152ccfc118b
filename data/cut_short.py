"""Whether the end that a format promises is missing from a file, found without decoding."""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

_CHUNK = 1 << 20
# Little stands behind the end marker, if anything: a whole file is rarely read to find it.
_LAST_CHUNK = 1 << 12
_JPEG_END = b"\xff\xd9"
_PNG_END = b"IEND"


def is_cut_short(file: BinaryIO, format: str) -> bool:
    """Whether the end is missing; reads as little as that takes, from any position.

    JPEG wants its end marker, PNG its IEND chunk; a short WebP does not even open. The other
    formats are only found out by decoding.
    """
    if format in {"JPEG", "MPO"}:
        return not any(_JPEG_END in part for part in _parts_from_the_end(file))
    if format == "PNG":
        return not _reaches_png_end(file)
    return False


def _parts_from_the_end(file: BinaryIO) -> Iterator[bytes]:
    """The file in parts, the last one first; each overlaps the next by a byte."""
    start, size = file.seek(0, os.SEEK_END), _LAST_CHUNK
    while start > 0:
        end, start = start, max(start - size, 0)
        file.seek(start)
        yield file.read(end - start + 1)
        size = _CHUNK


def _reaches_png_end(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    position = 8  # after the signature
    while position + 12 <= size:
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        if name == _PNG_END:
            return True
        if not name.isalpha():  # no chunk: what follows are not lengths and names
            return _is_in_the_rest(file, _PNG_END)
        position += 12 + length
    return False


def _is_in_the_rest(file: BinaryIO, wanted: bytes) -> bool:
    before = b""
    while part := file.read(_CHUNK):
        if wanted in before + part:
            return True
        before = part[-len(wanted) + 1 :]
    return False
