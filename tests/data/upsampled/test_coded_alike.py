"""A fake's file: its header says what its photograph's says."""

import io
from typing import Any

import numpy as np
import PIL.Image
import pytest
from PIL.PngImagePlugin import PngInfo

from data.decode import decoded
from data.image_files import facts_of, opened
from data.randomness import stream
from data.upsampled.coded_alike import NotCodedAlike, coded_alike

PIXELS = np.kron(
    stream("alike").integers(0, 256, (9, 12, 3), np.uint8), np.ones((3, 3, 1), np.uint8)
)
EXIF = PIL.Image.Exif()
EXIF[271] = "a camera" * 9


def text(value: str) -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", value)
    return info


def photograph(mode: str, kind: str, **settings: Any) -> bytes:
    encoded = io.BytesIO()
    PIL.Image.fromarray(PIXELS).convert(mode).save(encoded, kind, **settings)
    return encoded.getvalue()


def fake_of(content: bytes) -> bytes:
    image = decoded(content, "p")
    changed = np.clip(image.astype(int) + 3, 0, 255).astype(np.uint8)
    with opened(content, "p") as picture:
        picture.load()
        return coded_alike(changed, picture, facts_of(content, "p"), content)


@pytest.mark.parametrize(
    ("mode", "kind", "settings"),
    [
        ("RGB", "JPEG", {"quality": 95, "subsampling": 0}),
        ("RGB", "JPEG", {"quality": 60, "subsampling": 1}),
        ("RGB", "JPEG", {"quality": 75, "subsampling": 2, "exif": EXIF}),
        ("RGB", "JPEG", {"quality": 75, "progressive": True, "comment": b"c" * 60_000}),
        ("RGB", "JPEG", {"quality": 75, "icc_profile": b"i" * 150_000}),
        ("RGB", "JPEG", {"qtables": [[3] * 64, [7] * 64]}),
        ("L", "JPEG", {"quality": 80}),
        ("RGB", "PNG", {}),
        ("RGB", "PNG", {"compress_level": 0}),
        ("RGB", "PNG", {"pnginfo": text("made in a test")}),
        ("L", "PNG", {"compress_level": 9}),
        ("RGBA", "PNG", {}),
        ("LA", "PNG", {"exif": EXIF}),
        ("I;16", "PNG", {}),
        ("RGB", "BMP", {}),
        ("L", "BMP", {}),
        ("RGB", "TIFF", {}),
        ("RGB", "TIFF", {"compression": "tiff_lzw", "description": "a photograph"}),
        ("L", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value) or "plain",
)
def test_its_header_is_its_photographs(mode: str, kind: str, settings: dict[str, Any]) -> None:
    content = photograph(mode, kind, **settings)
    fake = fake_of(content)
    assert fake != content
    assert facts_of(fake, "f")[1:] == facts_of(content, "p")[1:]
    with opened(fake, "f") as made, opened(content, "p") as given:
        assert made.info.get("progressive") == given.info.get("progressive")
    image, expected = decoded(fake, "f"), decoded(content, "p")
    assert 1 <= np.mean(image.astype(float) - expected) <= 5
    if mode[0] in "LI":
        assert (image == image[..., :1]).all()
    if kind != "JPEG":  # coded without loss, and as strongly
        assert np.array_equal(image, np.clip(expected.astype(int) + 3, 0, 255))
        assert 0.7 < len(fake) / len(content) < 1.4 or mode == "I;16"


def test_metadata_are_filler_and_never_copied() -> None:
    fake = fake_of(photograph("RGB", "JPEG", exif=EXIF))
    assert b"a camera" not in fake
    with opened(fake, "f") as picture:
        assert not picture.getexif()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_stays(mode: str) -> None:
    picture = PIL.Image.fromarray(PIXELS).convert(mode)
    alpha = PIL.Image.fromarray(PIXELS[..., 2])
    picture.putalpha(alpha)
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    with opened(fake_of(encoded.getvalue()), "f") as fake:
        assert np.array_equal(np.asarray(fake.getchannel("A")), np.asarray(alpha))


@pytest.mark.parametrize(
    ("mode", "kind", "settings", "says"),
    [
        ("CMYK", "JPEG", {}, "subsampling is 'other'"),
        ("P", "PNG", {}, "few colours"),
        ("1", "PNG", {}, "few colours"),
        ("RGB", "WEBP", {"quality": 80}, "WEBP is no format"),
        ("RGB", "GIF", {}, "GIF is no format"),
        ("RGB", "TIFF", {"compression": "jpeg"}, "does not say how strongly"),
    ],
)
def test_what_cannot_be_coded_alike_is_refused(
    mode: str, kind: str, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(NotCodedAlike, match=says):
        fake_of(photograph(mode, kind, **settings))
