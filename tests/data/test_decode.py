"""Each odd kind of file has a policy (data/README.md); each policy has a test here."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import ImageFile

from data import image_files
from data.decode import ImageChanged, UnreadableImage, decode, decoded
from data.image_files import facts_of, opened
from data.image_ids import image_id_of
from data.randomness import stream

PIXELS_HWC = stream("decode").integers(0, 256, (12, 20, 3), np.uint8)


def encoded(image: Any, format: str, **options: Any) -> bytes:
    picture = PIL.Image.fromarray(image) if isinstance(image, np.ndarray) else image
    stream_of_bytes = io.BytesIO()
    picture.save(stream_of_bytes, format, **options)
    return stream_of_bytes.getvalue()


FILES = {
    format: encoded(PIXELS_HWC, format) for format in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
}


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_give_their_pixels(format: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(FILES[format])
    assert np.array_equal(decode(path), PIXELS_HWC)
    assert facts_of(FILES[format], path) == (image_id_of(FILES[format]), format, 20, 12, "", "", 0)


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "GIF"])
def test_other_formats_give_pillows_pixels(format: str) -> None:
    expected = PIL.Image.open(io.BytesIO(FILES[format])).convert("RGB")
    result = decoded(FILES[format], "x")
    assert np.array_equal(result, np.asarray(expected))
    assert (result.dtype, result.shape) == (np.uint8, (12, 20, 3))


def test_the_content_decides_not_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "photo.backup.jpg"
    path.write_bytes(FILES["PNG"])
    assert facts_of(path.read_bytes(), path).format == "PNG"
    assert np.array_equal(decode(path), PIXELS_HWC)


def test_an_id_that_the_bytes_do_not_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(FILES["PNG"])
    assert decode(path, image_id_of(FILES["PNG"])).shape == (12, 20, 3)
    path.write_bytes(FILES["BMP"])
    with pytest.raises(ImageChanged, match="--rehash") as caught:
        decode(path, image_id_of(FILES["PNG"]))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("format", list(FILES))
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_truncated_files_are_refused(format: str, kept: float) -> None:
    with pytest.raises(UnreadableImage):
        decoded(FILES[format][: int(len(FILES[format]) * kept)], "x")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_truncation_is_seen_without_decoding(format: str) -> None:
    content = FILES[format]
    for missing in (13, 100):
        with pytest.raises(UnreadableImage, match=r"truncated|broken header"):
            facts_of(content[:-missing], "x")
    # Bytes after the end are harmless.
    assert facts_of(content + b"\0" * 9, "x").format == format


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (b"\xff\xd8\xff\xe0", "not an image"),
    ],
)
def test_what_is_no_image_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason) as caught:
        facts_of(content, "folder/x.png")
    assert "folder/x.png" in str(caught.value)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.path, copy.reason) == ("folder/x.png", caught.value.reason)


def test_grey_of_16_bits_keeps_its_high_byte() -> None:
    deep_HW = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    for format in ("PNG", "TIFF"):
        content = encoded(PIL.Image.fromarray(deep_HW), format)
        assert opened(content, "x").mode == "I;16"
        grey_HW = decoded(content, "x")[:, :, 1]
        assert np.array_equal(grey_HW, (deep_HW >> 8).astype(np.uint8))


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_pixels_without_a_stated_range_are_refused(kind: Any) -> None:
    content = encoded(PIL.Image.fromarray(np.ones((4, 4), kind)), "TIFF")
    with pytest.raises(UnreadableImage, match="no stated range"):
        facts_of(content, "x")


def test_cmyk_is_converted_without_a_profile() -> None:
    content = encoded(PIL.Image.fromarray(PIXELS_HWC).convert("CMYK"), "TIFF")
    assert opened(content, "x").mode == "CMYK"
    assert np.abs(decoded(content, "x").astype(int) - PIXELS_HWC).max() <= 1


def test_a_palette_gives_its_colours_and_its_transparency_is_dropped() -> None:
    palette = PIL.Image.fromarray(PIXELS_HWC).quantize(16)
    expected = np.asarray(palette.convert("RGB"))
    for transparency in (None, 3, bytes(range(16))):
        options = {} if transparency is None else {"transparency": transparency}
        assert np.array_equal(decoded(encoded(palette, "PNG", **options), "x"), expected)


def test_alpha_is_dropped_and_hidden_colours_stay() -> None:
    alpha_HW1 = stream("alpha").integers(0, 256, (12, 20, 1), np.uint8)
    content = encoded(np.concatenate([PIXELS_HWC, alpha_HW1], axis=2), "PNG")
    assert opened(content, "x").mode == "RGBA"
    assert np.array_equal(decoded(content, "x"), PIXELS_HWC)


def test_grey_and_two_level_images_have_three_equal_channels() -> None:
    for mode in ("L", "LA", "1"):
        result = decoded(encoded(PIL.Image.fromarray(PIXELS_HWC).convert(mode), "PNG"), "x")
        assert result.shape == (12, 20, 3)
        assert np.array_equal(result[:, :, 0], result[:, :, 2])


def test_exif_orientation_is_not_applied() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    content = encoded(PIXELS_HWC, "JPEG", exif=exif, quality=95)
    assert (facts_of(content, "x").width, facts_of(content, "x").height) == (20, 12)
    assert np.array_equal(
        decoded(content, "x"), decoded(encoded(PIXELS_HWC, "JPEG", quality=95), "x")
    )


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_counts(format: str) -> None:
    first = np.full((8, 8, 3), 40, np.uint8)
    frames = [PIL.Image.fromarray(first + 100), PIL.Image.fromarray(first + 200)]
    options = {"lossless": True} if format == "WEBP" else {}
    content = encoded(first, format, save_all=True, append_images=frames, **options)
    assert PIL.Image.open(io.BytesIO(content)).n_frames == 3  # type: ignore[attr-defined]
    assert np.array_equal(decoded(content, "x"), first)


def test_decompression_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Pillow raises above twice its own limit; between the two, our limit does.
    with pytest.raises(UnreadableImage, match="more than"):
        facts_of(_png_claiming(20000, 20000), "x")
    monkeypatch.setattr(image_files, "MOST_PIXELS", 100)
    with pytest.raises(UnreadableImage, match="20 x 12 is more than 100"):
        facts_of(FILES["PNG"], "x")


def _png_claiming(width: int, height: int) -> bytes:
    import zlib

    content = bytearray(FILES["PNG"])
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.fixture
def tolerant_pillow() -> Iterator[None]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    yield
    ImageFile.LOAD_TRUNCATED_IMAGES = False


@pytest.mark.usefixtures("tolerant_pillow")
def test_a_pillow_that_fills_in_missing_pixels_is_refused() -> None:
    with pytest.raises(RuntimeError, match="LOAD_TRUNCATED_IMAGES"):
        decoded(FILES["PNG"], "x")


def test_a_missing_file_is_no_property_of_the_image(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "gone.png")


@given(
    st.sampled_from(list(FILES)),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    st.integers(0, 10_000),
)
@example("PNG", [], 0)
@settings(max_examples=300)
def test_mutated_files_give_an_image_or_unreadable(
    format: str, changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(FILES[format])
    for position, value in changes:
        content[position % len(content)] = value
    if cut % 3 == 0:
        content = content[: cut % len(content)]
    try:
        facts = facts_of(bytes(content), "x")
        image_HWC = decoded(bytes(content), "x")
    except UnreadableImage:
        return
    assert image_HWC.shape == (facts.height, facts.width, 3)
    assert image_HWC.dtype == np.uint8
