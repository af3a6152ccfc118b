"""The checksum of a kept image: finds damage at the speed of memory."""

import hashlib

import numpy as np
import numpy.typing as npt

CHECKSUM_BYTES = 8
LANES = 509
"""A prime: bytes that moved by whole pages or disk blocks meet other lanes."""

_WORD = 8
_SHORT = 2 * LANES * _WORD


def checksum(pixels: npt.NDArray[np.uint8], image_id: str) -> bytes:
    """Eight bytes, never all zero, of an image's pixels and of which image it is.

    The pixels as 64-bit words are added up in LANES columns, modulo 2**64, and the sums, the bytes
    beyond and the image_id go through SHA-256. Every change of a single word is found, and lost or
    moved blocks but for a chance of about 2**-64; two changes that cancel in one lane are not. It
    is no protection against intent. CRC-32 of all bytes takes a tenth of decoding a JPEG, SHA-256 a
    quarter, and reading a kept image is to take less than that altogether
    (`data/decoded/README.md`).

    Args:
        pixels: contiguous, of any shape.
        image_id: of the image.
    """
    flat = pixels.reshape(-1)
    digest = hashlib.sha256(f"{image_id} {len(flat)} ".encode())
    if len(flat) <= _SHORT:
        digest.update(flat.data)
    else:
        whole = len(flat) // (LANES * _WORD) * LANES
        lanes = flat[: whole * _WORD].view(np.uint64).reshape(-1, LANES)
        digest.update(np.add.reduce(lanes, axis=0).data)
        digest.update(flat[whole * _WORD :].data)
    found = digest.digest()[:CHECKSUM_BYTES]
    return found if any(found) else b"\1" * CHECKSUM_BYTES
