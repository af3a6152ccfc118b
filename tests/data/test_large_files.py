"""A file of gigabytes is indexed and decoded in little memory, with the same id."""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from repository import ROOT

from data import header_reader, image_files
from data.decode import ImageChanged, UnreadableImage, decode, decoded
from data.image_files import facts_of
from data.image_ids import image_id_of

GIGABYTES_2 = 2 * 1024**3
INDEX_AND_MEASURE = """
import json, resource, sys
from pathlib import Path
from data.index import index_root
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
manifest = index_root(Path(sys.argv[1]), None, Path(sys.argv[2]))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({
    "grown": grown * 1024,
    "ids": manifest.table["image_id"].to_pylist(),
    "problems": {Path(p.path).name: p.reason for p in manifest.problems},
}))
"""


def picture(format: str, size: int = 24, **options: object) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (size, size, 3), np.uint8)
    encoded = io.BytesIO()
    PIL.Image.fromarray(pixels).save(encoded, format, **options)
    return encoded.getvalue()


def sparse(path: Path, start: bytes, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(start)
    os.truncate(path, size)


@pytest.mark.slow
def test_two_gigabytes_are_indexed_in_little_memory(tmp_path: Path) -> None:
    place = tmp_path / "root" / "g1" / "train"
    whole = picture("PNG")
    sparse(place / "ai" / "whole.png", whole, GIGABYTES_2)
    damaged = {
        "zeros.png": b"",
        "header_only.jpg": b"\xff\xd8\xff\xe0\0\x04ab",
        "riff.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8 \xff\xff\xff\x6f",
        "cut.png": whole[:-30],
    }
    for name, start in damaged.items():
        sparse(place / "ai" / name, start, GIGABYTES_2 // 5)
    (place / "nature").mkdir()
    (place / "nature" / "a.png").write_bytes(picture("PNG", 16))
    done = subprocess.run(
        [sys.executable, "-c", INDEX_AND_MEASURE, place.parents[1], tmp_path / "cache"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=300,
    )
    found = json.loads(done.stdout)
    assert found["grown"] < 200e6
    with (place / "ai" / "whole.png").open("rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()[:32]
    assert expected in found["ids"]
    assert set(found["problems"]) == set(damaged)
    assert "no whole header" in found["problems"]["header_only.jpg"]
    assert "truncated" in found["problems"]["cut.png"]


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "MOST_BYTES_AT_ONCE", 0)


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize(
    ("format", "options"),
    [
        *((name, {}) for name in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PNG", {"optimize": True}),
    ],
)
def test_a_large_file_has_the_facts_and_pixels_of_its_bytes(
    tmp_path: Path, format: str, options: dict[str, object]
) -> None:
    content = picture(format, **options)
    path = tmp_path / "x"
    path.write_bytes(content)
    with path.open("rb") as file:
        assert facts_of(file, path) == facts_of(content, path)
    assert np.array_equal(decode(path, image_id_of(content)), decoded(content, path))
    with pytest.raises(ImageChanged):
        decode(path, image_id_of(b"another"))
    for kept in (0.3, 0.9):
        cut = content[: int(len(content) * kept)]
        path.write_bytes(cut)
        with pytest.raises(UnreadableImage) as caught:
            decode(path, image_id_of(cut))
        assert caught.value.image_id == image_id_of(cut)


def test_the_end_of_a_jpeg_is_found_across_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = picture("JPEG")
    for part in (len(content) - 1, 1, 2, 7):
        for size in ("_CHUNK", "_LAST_CHUNK"):
            monkeypatch.setattr(f"data.cut_short.{size}", part)
        assert facts_of(content + b"\0" * 5, "x").format == "JPEG"
        with pytest.raises(UnreadableImage, match="truncated"):
            facts_of(content[:-2] + b"\0" * 5, "x")


def disk_fault(after: int) -> Callable[[int], bytes]:
    done = 0

    def read(size: int = -1) -> bytes:
        nonlocal done
        done += 1
        if done > after:
            raise OSError(5, "Input/output error")
        return read.file.read(size)  # type: ignore[attr-defined,no-any-return]

    return read


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("after", [0, 2, 12])
def test_a_fault_of_the_disk_is_none_of_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """In the header's reading or in the pixels'; else it would be listed, or a null, for ever."""
    path = tmp_path / "x.png"
    path.write_bytes(picture("PNG", 400))
    made = header_reader.HeaderReader.__init__

    def with_fault(self: header_reader.HeaderReader, file: io.BufferedReader) -> None:
        made(self, file)
        read = disk_fault(after)
        read.file = file  # type: ignore[attr-defined]

        class Faulty:
            tell = staticmethod(file.tell)

        Faulty.read = staticmethod(read)  # type: ignore[attr-defined]
        self._file = Faulty  # type: ignore[assignment]

    monkeypatch.setattr(header_reader.HeaderReader, "__init__", with_fault)
    with pytest.raises(OSError, match="Input/output"):
        decode(path)


def test_no_room_for_the_pixels_is_no_fault_of_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(picture("PNG"))

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PIL.Image.Image, "convert", full)
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", full)
    with pytest.raises(MemoryError):
        decode(path)
