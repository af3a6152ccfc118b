"""The version of decoding, as it stands among the versions of operations. Loads no Pillow."""

from __future__ import annotations

from collections.abc import Mapping

DECODE = "decode"
"""Its name there; it acts on every image, and absent it is version 1."""

DECODE_VERSION = 1
"""Raise it when the same bytes would give other pixels: another rule for a colour mode, for alpha,
for orientation. Above 1 it is in the id of every fit that trains and of every piece, so that
numbers of two decodings are never mixed: all of them are made again.
"""


def with_decoding(versions: Mapping[str, int]) -> dict[str, int]:
    """Return the versions of operations and of the decoding before them, where that is not 1."""
    return {**({DECODE: DECODE_VERSION} if DECODE_VERSION > 1 else {}), **versions}
