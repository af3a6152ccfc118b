"""The quick reader answers as Pillow does, or not at all."""

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

from data.image_files import UnreadableImage, facts_of
from data.indexing.quick_header import quick_facts
from data.randomness import stream

PICTURE = PIL.Image.fromarray(stream("quick header").integers(0, 256, (9, 14, 3), np.uint8))


def encoded(format: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    PICTURE.convert(mode).save(file, format, **options)
    return file.getvalue()


def text(**texts: str) -> PIL.PngImagePlugin.PngInfo:
    info = PIL.PngImagePlugin.PngInfo()
    for name, value in texts.items():
        info.add_text(name, value)
    return info


def with_chunk(png: bytes, kind: bytes, body: bytes, place: int = 33) -> bytes:
    chunk = struct.pack(">I", len(body)) + kind + body
    chunk += struct.pack(">I", zlib.crc32(kind + body))
    return png[:place] + chunk + png[place:]


ORDINARY = {
    "jpeg": encoded("JPEG", quality=85),
    "progressive": encoded("JPEG", progressive=True, subsampling="4:2:2", comment=b"hello"),
    "grey": encoded("JPEG", "L"),
    "cmyk": encoded("JPEG", "CMYK"),
    "profile": encoded("JPEG", icc_profile=b"profile" * 9),
    "4:4:4": encoded("JPEG", subsampling="4:4:4", dpi=(72, 72)),
    "png": encoded("PNG", pnginfo=text(parameters="a cat", seed="3")),
    "png grey": encoded("PNG", "L", dpi=(72, 72)),
    "png alpha": encoded("PNG", "RGBA"),
    "palette": encoded("PNG", "P", transparency=3),
}
OTHERS = {
    "exif": encoded("JPEG", exif=PIL.Image.Exif().tobytes() + b"MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    "png of 16 bits": encoded("PNG", "I;16"),
    "two levels": encoded("PNG", "1"),
    "icc in png": encoded("PNG", icc_profile=b"profile" * 9),
    "compressed text": with_chunk(encoded("PNG"), b"zTXt", b"a\0\0" + zlib.compress(b"b" * 99)),
    "several": encoded("PNG", save_all=True, append_images=[PICTURE.rotate(90)]),
    "gif": encoded("GIF", "P"),
    "webp": encoded("WEBP"),
    "short transparency": with_chunk(encoded("PNG"), b"tRNS", b"\0"),
    "wrong checksum": encoded("PNG")[:29] + b"\0\0\0\0" + encoded("PNG")[33:],
}


@pytest.mark.parametrize("name", list(ORDINARY))
def test_ordinary_files_are_answered_as_pillow_answers(name: str) -> None:
    quick = quick_facts(ORDINARY[name])
    assert quick is not None
    assert quick == facts_of(ORDINARY[name], "x")[1:]


@pytest.mark.parametrize("name", list(OTHERS))
def test_what_is_not_ordinary_is_left_to_pillow(name: str) -> None:
    assert quick_facts(OTHERS[name]) is None


@pytest.mark.parametrize("name", list(ORDINARY))
def test_a_file_cut_anywhere_is_never_answered_otherwise(name: str) -> None:
    content = ORDINARY[name]
    for length in range(len(content)):
        assert agrees(content[:length])


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from([*ORDINARY.values(), *OTHERS.values()]),
    st.integers(0, 10**6),
    st.binary(min_size=1, max_size=4),
    st.integers(0, 4),
)
def test_whatever_is_altered_the_answer_is_pillows(
    content: bytes, place: int, junk: bytes, removed: int
) -> None:
    place %= min(len(content), 700)
    assert agrees(content[:place] + junk + content[place + removed :])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["png", "png grey", "palette"]),
    st.sampled_from([b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"PLTE", b"eXIf", b"acTL"]),
    st.binary(max_size=33),
)
def test_any_chunk_before_the_pixels(name: str, kind: bytes, body: bytes) -> None:
    assert agrees(with_chunk(ORDINARY[name], kind, body))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["jpeg", "grey", "cmyk"]),
    st.sampled_from([0xC0, 0xC4, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE, 0xD8, 0xFF, 1]),
    st.sampled_from([b"", b"JFIF\0", b"Exif\0\0", b"MPF\0", b"ICC_PROFILE\0", b"Adobe", b"\x10"]),
    st.binary(max_size=70),
)
def test_any_segment_before_the_frame(name: str, marker: int, start: bytes, body: bytes) -> None:
    segment = struct.pack(">BBH", 0xFF, marker, len(start + body) + 2) + start + body
    assert agrees(ORDINARY[name][:2] + segment + ORDINARY[name][2:])


def agrees(content: bytes) -> bool:
    """Whether the quick reader says nothing, or what Pillow says."""
    quick = quick_facts(content)
    try:
        return quick is None or quick == facts_of(content, "x")[1:]
    except UnreadableImage:
        return False
