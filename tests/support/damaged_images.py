"""Image files at fault, as disks and downloads leave them."""

from pathlib import Path

import numpy as np
import PIL.Image


def break_pixels(path: Path, format: str = "PNG") -> None:
    """Leave a file whose header is whole and whose pixels are not: only decoding finds out."""
    if format == "JPEG":
        pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(path, "JPEG")
        content = bytearray(path.read_bytes())
        start = content.index(b"\xff\xda") + 14
        content[start:-2] = b"\xff\xc4\x00\x03\x00" * 8  # a table where pixels should be
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2 : len(content) // 2 + 40] = bytes(40)
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    """Leave the first half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
