import io
import struct
import zlib
from typing import Any

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.header_facts import subsampling_of
from data.image_files import FileFacts, UnreadableImage, facts_of
from data.jpeg_tables import quality_of, table_values, tables_of_quality
from data.metadata_bytes import metadata_bytes
from data.randomness import stream

PICTURE = PIL.Image.fromarray(stream("header facts").integers(0, 256, (48, 40, 3), np.uint8))
EXIF = b"Exif\0\0" + b"MM\0*\0\0\0\x08\0\0\0\0\0\0"


def encoded(format: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    PICTURE.convert(mode).save(file, format, **options)
    return file.getvalue()


def facts(content: bytes) -> FileFacts:
    return facts_of(content, "x")


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_what_pillow_wrote_is_read(subsampling: str, progressive: bool) -> None:
    options = {"quality": 83, "subsampling": subsampling, "progressive": progressive}
    found = facts(encoded("JPEG", **options))
    assert found.subsampling == subsampling
    assert found.jpeg_tables == tables_of_quality(83)
    assert found.metadata_bytes == 0  # JFIF is no metadata


def test_grey_and_cmyk() -> None:
    grey, cmyk = facts(encoded("JPEG", "L", quality=20)), facts(encoded("JPEG", "CMYK"))
    assert grey.subsampling == "grey"
    assert grey.jpeg_tables == tables_of_quality(20).partition(":")[0]
    assert cmyk.subsampling == "other"
    assert quality_of(cmyk.jpeg_tables) == 75


@pytest.mark.parametrize(
    ("factors", "name"),
    [
        ([(1, 2), (1, 1), (1, 1)], "4:4:0"),
        ([(4, 1), (1, 1), (1, 1)], "4:1:1"),
        ([(2, 2), (1, 2), (1, 2)], "4:2:2"),  # as some cameras write 4:2:2
        ([(2, 2), (2, 2), (2, 2)], "4:4:4"),
        ([(2, 2), (2, 1), (1, 2)], "other"),
        ([(3, 1), (2, 1), (2, 1)], "other"),
        ([(1, 1), (2, 2), (2, 2)], "other"),
        ([(1, 1), (0, 0), (0, 0)], "other"),
        ([(1, 1), (1, 1)], "other"),
        ([], "other"),
    ],
)
def test_names_of_sampling_factors(factors: list[tuple[int, int]], name: str) -> None:
    assert subsampling_of(factors) == name


def test_tables_of_16_bits() -> None:
    jpeg = encoded("JPEG", "L", quality=50)
    place = jpeg.index(b"\xff\xdb")
    old = table_values(facts(jpeg).jpeg_tables)[0]
    zigzag = list(jpeg[place + 5 : place + 5 + 64])
    wide = struct.pack(">64H", *(300 + value for value in zigzag))
    found = facts(jpeg[:place] + segment(0xDB, b"\x10" + wide) + jpeg[place + 69 :])
    assert table_values(found.jpeg_tables) == [[300 + value for value in old]]
    assert len(found.jpeg_tables) == 256


def test_the_picture_counts_not_its_thumbnail() -> None:
    thumbnail = encoded("JPEG", quality=10, subsampling="4:4:4")
    jpeg = encoded("JPEG", quality=90, subsampling="4:2:0")
    found = facts(after_start(jpeg, segment(0xE1, EXIF + thumbnail)))
    assert (found.subsampling, quality_of(found.jpeg_tables)) == ("4:2:0", 90)
    assert found.metadata_bytes == len(EXIF + thumbnail)


def test_metadata_of_a_jpeg_is_counted() -> None:
    bodies = {
        0xE1: EXIF, 0xE2: b"ICC_PROFILE\0\1\1" + b"c" * 9, 0xFE: b"made by a camera",
        0xED: b"Photoshop 3.0\0", 0xEB: b"JP\0\1c2pa",
    }  # fmt: skip
    coding = segment(0xEE, b"Adobe\0d\0\0\0\0\1"), segment(0xE0, b"JFXX\0" + b"t" * 50)
    jpeg = after_start(encoded("JPEG"), *coding, *(segment(m, b) for m, b in bodies.items()))
    assert facts(jpeg).metadata_bytes == sum(map(len, bodies.values()))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_metadata_of_a_png_is_counted_also_behind_its_pixels() -> None:
    bodies = {b"tEXt": b"Software\0paint", b"eXIf": EXIF[6:], b"caBX": b"c2pa" * 5}
    texts = b"".join(png_chunk(kind, body) for kind, body in bodies.items())
    content = encoded("PNG", dpi=(72, 72))
    for place in (33, content.index(b"IEND") - 4):
        found = facts(content[:place] + texts + content[place:])
        assert found.metadata_bytes == sum(map(len, bodies.values()))
        assert (found.jpeg_tables, found.subsampling) == ("", "")


def test_metadata_of_other_formats_is_counted() -> None:
    plain = encoded("WEBP", exif=b"", icc_profile=None)
    assert metadata_bytes(io.BytesIO(plain), "WEBP") == 0
    with_both = encoded("WEBP", exif=EXIF, xmp=b"<x:xmpmeta/>")
    # Pillow writes the EXIF without its first six bytes there.
    assert facts(with_both).metadata_bytes == len(EXIF) - 6 + 12
    assert facts(encoded("GIF", "P", comment=b"c" * 300)).metadata_bytes == 300
    assert facts(encoded("GIF", "P", loop=0)).metadata_bytes == 0
    bare = facts(encoded("TIFF")).metadata_bytes
    assert bare == 0
    described = encoded("TIFF", description="seen", icc_profile=b"i" * 40)
    assert facts(described).metadata_bytes == len("seen\0") + 40
    assert facts(encoded("BMP")).metadata_bytes == 0


@pytest.mark.parametrize("order", "<>")
def test_a_tiffs_exif_is_counted_by_its_entries(order: str) -> None:
    def directory(*entries: tuple[int, int, int, int]) -> bytes:
        packed = b"".join(struct.pack(f"{order}HHII", *entry) for entry in entries)
        return struct.pack(f"{order}H", len(entries)) + packed + b"\0\0\0\0"

    exif = directory((0x9003, 2, 20, 0), (0x829A, 5, 1, 0))  # a text of 20 bytes, a fraction of 8
    first = directory((256, 4, 1, 40), (34665, 4, 1, 8), (315, 2, 6, 0))
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8 + len(exif))
    assert metadata_bytes(io.BytesIO(start + exif + first), "TIFF") == 28 + 6


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF", "TIFF"])
def test_malformed_metadata_counts_as_far_as_it_goes(format: str) -> None:
    content = encoded(format, "P" if format == "GIF" else "RGB", comment=b"c" * 99)
    whole = metadata_bytes(io.BytesIO(content), format)
    for length in range(0, len(content), 7):
        assert metadata_bytes(io.BytesIO(content[:length]), format) <= whole


JPEGS = [encoded("JPEG", quality=q, progressive=p) for q in (10, 75) for p in (False, True)]


@settings(max_examples=200)
@given(st.sampled_from(JPEGS), st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
def test_broken_markers_give_facts_or_a_refusal(jpeg: bytes, place: int, junk: bytes) -> None:
    place %= len(jpeg)
    content = jpeg[:place] + junk + jpeg[place + len(junk) :]
    try:
        found = facts(content)
    except UnreadableImage:
        return
    assert found.subsampling
    assert all(len(values) == 64 for values in table_values(found.jpeg_tables))


@settings(max_examples=200)
@given(st.sampled_from(["PNG", "WEBP", "GIF", "TIFF"]), st.binary(max_size=60))
def test_any_bytes_give_a_count(format: str, content: bytes) -> None:
    assert metadata_bytes(io.BytesIO(content), format) >= 0
