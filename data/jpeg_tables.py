"""Quantisation tables of JPEG files as text, and the quality that libjpeg would name them by.

A table is 64 values in natural (row by row) order, in lower-case hexadecimal: two digits per value,
or four in a table with a value above 255. Tables of one file are joined by ":", that of the first
component (luma) before the others (chroma), each once. "" stands for no JPEG.
"""

from collections.abc import Mapping, Sequence
from functools import cache

_JOINED_BY = ":"
_VALUES = 64
_MOST_BASELINE = 255
_MOST = 32767  # of libjpeg where a table need not be baseline
# ITU-T T.81 (1992), Annex K, tables K.1 and K.2, in natural order.
# fmt: off
_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)
_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)
# fmt: on


def tables_text(tables: Mapping[int, Sequence[int]], used: Sequence[int]) -> str:
    """The text of a file's tables.

    Args:
        tables: by number, 64 values each in natural order.
        used: the number of each component's table, luma's first; one that is not there is left
            out, as in files whose tables travel apart.
    """
    return _JOINED_BY.join(
        _table_text(tables[number]) for number in dict.fromkeys(used) if number in tables
    )


def quality_of(tables: str) -> int | None:
    """The quality, 1 to 100, at which libjpeg has this luma table; None where at none.

    Tables with and without the limit of baseline files (255) are known. Encoders other than
    libjpeg (cameras, Photoshop) have tables of their own, and so no quality in this sense.
    """
    return _quality_by_luma().get(tables.partition(_JOINED_BY)[0])


def tables_of_quality(quality: int) -> str:
    """Luma and chroma table of libjpeg at a quality, as baseline files have them.

    Raises:
        ValueError: the quality is not 1 to 100.
    """
    return _JOINED_BY.join(
        _table_text(_scaled(base, quality, _MOST_BASELINE)) for base in (_LUMA, _CHROMA)
    )


def table_values(tables: str) -> list[list[int]]:
    """The tables as numbers again, each 64 in natural order; none of "".

    Raises:
        ValueError: it is no text that `tables_text` gives.
    """
    read = []
    for text in tables.split(_JOINED_BY) if tables else ():
        digits, rest = divmod(len(text), _VALUES)
        if rest or digits not in (2, 4):
            raise ValueError(
                f"{text[:20]!r}... has {len(text)} digits, and a quantisation table has "
                f"{2 * _VALUES} or {4 * _VALUES}; take it from the manifest as it is."
            )
        read.append([int(text[i : i + digits], 16) for i in range(0, len(text), digits)])
    return read


def _table_text(values: Sequence[int]) -> str:
    size = 1 if max(values) <= _MOST_BASELINE else 2
    return b"".join(value.to_bytes(size, "big") for value in values).hex()


def _scaled(base: Sequence[int], quality: int, most: int) -> list[int]:
    """As libjpeg's jpeg_quality_scaling and jpeg_add_quant_table (jcparam.c) do."""
    if not 1 <= quality <= 100:
        raise ValueError(f"A JPEG quality of {quality} is not known; give 1 to 100.")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return [min(max((value * percent + 50) // 100, 1), most) for value in base]


@cache
def _quality_by_luma() -> dict[str, int]:
    return {
        _table_text(_scaled(_LUMA, quality, most)): quality
        for most in (_MOST, _MOST_BASELINE)
        for quality in range(1, 101)
    }
