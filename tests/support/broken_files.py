"""Image files of every kind that is read here, and damage of every kind that is met in the wild."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
from PIL.PngImagePlugin import PngInfo

from data.randomness import stream

HEIGHT, WIDTH = 24, 32
EXTENSIONS = (".jpg", ".JPEG", ".png", ".webp", ".gif", ".bmp", ".tif", "", ".dat", ".png.jpg")


def whole_files() -> dict[str, bytes]:
    """Files as they come from cameras, encoders and generators, by what is special in them."""
    pixels = stream("whole").integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    smooth = np.linspace(0, 255, HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3).astype(np.uint8)
    rgb, soft = PIL.Image.fromarray(pixels), PIL.Image.fromarray(smooth)
    deep = PIL.Image.fromarray(
        np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 80
    )
    exif = PIL.Image.Exif()
    exif[0x010F], exif[0x0112] = "camera", 6
    text = PngInfo()
    text.add_text("parameters", "a cat, steps: 20")
    text.add_text("long", "x" * 300, zip=True)
    icc = bytes(range(256)) * 2
    frames: dict[str, Any] = {"save_all": True, "append_images": [soft, rgb], "duration": 40}
    made = {
        "jpeg": (rgb, "JPEG", {"quality": 80}),
        "jpeg progressive": (soft, "JPEG", {"progressive": True, "subsampling": 0}),
        "jpeg grey": (rgb.convert("L"), "JPEG", {}),
        "jpeg cmyk": (rgb.convert("CMYK"), "JPEG", {}),
        "jpeg of a camera": (soft, "JPEG", {"exif": exif, "icc_profile": icc, "comment": b"seen"}),
        "jpeg restarts": (rgb, "JPEG", {"restart_marker_blocks": 2}),
        "png": (rgb, "PNG", {}),
        "png palette": (rgb.quantize(16), "PNG", {"transparency": bytes(range(16))}),
        "png alpha": (rgb.convert("RGBA"), "PNG", {"pnginfo": text}),
        "png 16 bits": (deep, "PNG", {}),
        "png two levels": (rgb.convert("1"), "PNG", {}),
        "png animated": (soft, "PNG", frames),
        "webp": (rgb, "WEBP", {"quality": 70, "exif": exif}),
        "webp lossless": (rgb.convert("RGBA"), "WEBP", {"lossless": True, "icc_profile": icc}),
        "webp animated": (soft, "WEBP", frames),
        "gif": (rgb, "GIF", {}),
        "gif animated": (soft, "GIF", frames),
        "bmp": (rgb, "BMP", {}),
        "bmp palette": (rgb.quantize(8), "BMP", {}),
        "tiff": (rgb, "TIFF", {}),
        "tiff lzw": (rgb, "TIFF", {"compression": "tiff_lzw"}),
        "tiff pages": (soft, "TIFF", {"save_all": True, "append_images": [rgb]}),
        "mpo": (rgb, "MPO", {"save_all": True, "append_images": [soft]}),
    }
    return {name: _encoded(*how) for name, how in made.items()}


def _encoded(picture: PIL.Image.Image, format: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


Rng = np.random.Generator


def _truncated(content: bytes, other: bytes, rng: Rng) -> bytes:
    return content[: int(rng.integers(0, len(content)))]


def _bits_flipped(content: bytes, other: bytes, rng: Rng) -> bytes:
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    bits[rng.integers(0, len(bits), int(rng.integers(1, 9)))] ^= 1
    return np.packbits(bits).tobytes()


def _header_bits_flipped(content: bytes, other: bytes, rng: Rng) -> bytes:
    head = int(rng.integers(1, 200))
    return _bits_flipped(content[:head], other, rng) + content[head:]


def _bytes_overwritten(content: bytes, other: bytes, rng: Rng) -> bytes:
    start, length = int(rng.integers(0, len(content))), int(rng.integers(1, 40))
    value = rng.choice([0, 255, int(rng.integers(0, 256))])
    changed = np.frombuffer(content, np.uint8).copy()
    changed[start : start + length] = value
    return changed.tobytes()


def _spliced(content: bytes, other: bytes, rng: Rng) -> bytes:
    """The header of one file before the rest of another."""
    head = int(rng.integers(1, min(400, len(content))))
    return content[:head] + other[int(rng.integers(0, len(other))) :]


def _part_removed(content: bytes, other: bytes, rng: Rng) -> bytes:
    start, length = int(rng.integers(0, len(content))), int(rng.integers(1, 60))
    return content[:start] + content[start + length :]


def _part_repeated(content: bytes, other: bytes, rng: Rng) -> bytes:
    start, length = int(rng.integers(0, len(content))), int(rng.integers(1, 60))
    return content[: start + length] + content[start:]


def _random_after_magic(content: bytes, other: bytes, rng: Rng) -> bytes:
    return content[: int(rng.integers(0, 16))] + rng.bytes(int(rng.integers(0, 600)))


def _length_field_grown(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Four bytes of a header at their highest: a length or a size that the file cannot have."""
    start = int(rng.integers(0, min(64, len(content))))
    return content[:start] + b"\xff\xff\xff\xff" + content[start + 4 :]


def _something_appended(content: bytes, other: bytes, rng: Rng) -> bytes:
    return content + (other if rng.random() < 0.5 else rng.bytes(100))


DAMAGES: tuple[Callable[[bytes, bytes, Rng], bytes], ...] = (
    _truncated,
    _bits_flipped,
    _header_bits_flipped,
    _bytes_overwritten,
    _spliced,
    _part_removed,
    _part_repeated,
    _random_after_magic,
    _length_field_grown,
    _something_appended,
)


def broken_files(count: int) -> Iterator[tuple[str, bytes]]:
    """So many damaged files, each with a name that says how it was made; always the same."""
    files = list(whole_files().items())
    for number in range(count):
        rng = stream("broken", number)
        (kind, content), (_, other) = (files[int(rng.integers(len(files)))] for _ in range(2))
        damage = DAMAGES[number % len(DAMAGES)]
        broken = damage(content, other, rng)
        if rng.random() < 0.2:  # two kinds of damage at once
            second = DAMAGES[int(rng.integers(len(DAMAGES)))]
            broken = second(broken, other, rng) if broken else broken
        extension = EXTENSIONS[int(rng.integers(len(EXTENSIONS)))]
        yield f"{number:05d}{damage.__name__}_{kind.replace(' ', '-')}{extension}", broken


def same_pixels(one: npt.NDArray[np.uint8], two: npt.NDArray[np.uint8]) -> bool:
    """Whether two images are equal."""
    return one.shape == two.shape and bool(np.array_equal(one, two))
