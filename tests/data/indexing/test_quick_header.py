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
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x28\0\3\0\0\0\1\0\2\0\0\0\0\0\0"


def photoshop(*blocks: bytes) -> bytes:
    """A Photoshop segment of one block with each content, under even and odd names."""
    named = (
        b"8BIM" + struct.pack(">H", 0x03EC + number) + name + struct.pack(">I", len(block)) + block
        for number, (block, name) in enumerate(zip(blocks, (b"\0\0", b"\2ab\0") * 9, strict=False))
    )
    return b"Photoshop 3.0\0" + b"".join(each + b"\0" * (len(each) & 1) for each in named)


def with_segment(jpeg: bytes, marker: int, body: bytes, place: int = 2) -> bytes:
    """A JPEG with one more segment; behind JFIF is place 20."""
    return jpeg[:place] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[place:]


def jpegs_of_editors() -> dict[str, bytes]:
    """JPEGs with what cameras and editors put before the picture, density said by JFIF first."""
    plain = encoded("JPEG", dpi=(72, 72))
    return {
        "density, then exif": with_segment(plain, 0xE1, EXIF, 20),
        "density, then broken exif": with_segment(plain, 0xE1, b"Exif\0\0junk", 20),
        "photoshop": with_segment(plain, 0xED, photoshop(b"abc", b"d" * 16, b""), 20),
        "photoshop's short density": with_segment(plain, 0xED, photoshop(b"", b"ab"), 20),
        "photoshop without blocks": with_segment(plain, 0xED, photoshop(), 20),
        "something behind the end": plain + b"\0" * 99,
    }


OTHERS = {
    "exif before the density": with_segment(encoded("JPEG", dpi=(72, 72)), 0xE1, EXIF),
    "exif without a density": with_segment(encoded("JPEG"), 0xE1, EXIF, 20),
    "photoshop cut in a block": with_segment(
        encoded("JPEG"), 0xED, photoshop(b"abc")[: len(b"Photoshop 3.0\0") + 6], 20
    ),
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


ORDINARY |= jpegs_of_editors()


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


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"JFIF\0\1\1", b"JFIF\0\1\1\1\0\x48\0\x48\0\0", b"JFIF\0\1\1\2\0\1\0\1\0"]),
    st.booleans(),
    st.one_of(
        st.binary(max_size=40).map(lambda body: b"Exif\0\0" + body),
        st.integers(0, len(EXIF)).map(lambda length: EXIF[:length]),
        st.tuples(
            st.lists(st.binary(max_size=5), max_size=3), st.integers(0, 60), st.binary(max_size=3)
        ).map(lambda made: photoshop(*made[0])[: 14 + made[1]] + made[2]),
    ),
)
def test_any_exif_and_photoshop_beside_any_jfif(jfif: bytes, is_before: bool, body: bytes) -> None:
    bare = encoded("JPEG")
    bare = bare[:2] + bare[20:]
    first, second = (0xE0, jfif), (0xE1 if body.startswith(b"Exif") else 0xED, body)
    for marker, content in (first, second) if is_before else (second, first):
        bare = with_segment(bare, marker, content)
    assert agrees(bare)


def agrees(content: bytes) -> bool:
    """Whether the quick reader says nothing, or what Pillow says."""
    quick = quick_facts(content)
    try:
        return quick is None or quick == facts_of(content, "x")[1:]
    except UnreadableImage:
        return False
