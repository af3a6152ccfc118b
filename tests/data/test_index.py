import io
import os
import threading
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow.parquet as pq
import pytest
from repository import ROOT

from data.image_ids import image_id_of
from data.index import index_root
from data.index_cache import cache_path
from data.indexing import one_file, reading
from data.layouts import UnknownLayout
from data.manifest import COLUMNS, Manifest
from data.randomness import stream

REAL_DATA = (
    Path(os.environ.get("CROSSGEN_SHARED", ROOT.parent / "shared")) / "data" / "cifar-generators"
)


def png(seed: int, format: str = "PNG") -> bytes:
    pixels_HWC = stream("index", seed).integers(0, 256, (6, 8, 3), np.uint8)
    encoded = io.BytesIO()
    PIL.Image.fromarray(pixels_HWC).save(encoded, format)
    return encoded.getvalue()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "collection"
    for number in range(8):
        label = "ai" if number % 2 else "nature"
        split = "train" if number < 4 else "val"
        folder = root / "dcgan" / split / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(png(number))
    return root


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths whose bytes are looked into from now on."""
    looked_into: list[str] = []
    lock = threading.Lock()
    facts_in = one_file.facts_in

    def counted(content: bytes, path: str) -> object:
        with lock:
            looked_into.append(path)
        return facts_in(content, path)

    monkeypatch.setattr(one_file, "facts_in", counted)
    return looked_into


def row(manifest: Manifest, path: str) -> dict[str, object]:
    rows: list[dict[str, object]] = manifest.table.to_pylist()
    return next(row for row in rows if row["path"] == path)


def test_a_manifest_says_what_was_found(root: Path, tmp_path: Path) -> None:
    manifest = index_root(root, None, tmp_path / "cache")
    assert manifest.table.schema == COLUMNS
    assert manifest.table.num_rows == 8
    assert (manifest.layout, manifest.problems, manifest.skipped) == ("genimage", [], {})
    assert "dcgan" in manifest.reason
    assert row(manifest, "dcgan/val/nature/4.png") == {
        "image_id": image_id_of(png(4)),
        "path": "dcgan/val/nature/4.png",
        "label": 0,
        "generator": "dcgan",
        "family": "gan",
        "generator_group": "dcgan",
        "split": "test",
        "class": "",
        "pair": "",
        "real_set": "dcgan/nature",
        "width": 8,
        "height": 6,
        "format": "PNG",
        "bytes": len(png(4)),
        "jpeg_tables": "",
        "subsampling": "",
        "metadata_bytes": 0,
    }
    paths = manifest.table["path"].to_pylist()
    assert paths == sorted(paths)


def test_an_unchanged_root_is_not_read_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_into = reads(monkeypatch)
    first = index_root(root, None, tmp_path / "cache")
    assert len(looked_into) == 8
    cache = cache_path(tmp_path / "cache", root)
    written = cache.stat().st_mtime_ns
    second = index_root(root, "genimage", tmp_path / "cache")
    assert len(looked_into) == 8
    assert second.table.equals(first.table)
    assert cache.stat().st_mtime_ns == written
    index_root(root, None, tmp_path / "cache", rehash=True)
    assert len(looked_into) == 16


def test_only_what_changed_is_read_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_root(root, None, tmp_path / "cache")
    looked_into = reads(monkeypatch)
    changed, added = root / "dcgan/train/ai/1.png", root / "dcgan/train/ai/new.png"
    changed.write_bytes(png(101))
    os.utime(changed, ns=(1, 1))  # a changed time is enough, in either direction
    added.write_bytes(png(102))
    (root / "dcgan/val/ai/5.png").unlink()
    manifest = index_root(root, None, tmp_path / "cache")
    assert sorted(looked_into) == ["dcgan/train/ai/1.png", "dcgan/train/ai/new.png"]
    assert manifest.table.num_rows == 8
    assert row(manifest, "dcgan/train/ai/1.png")["image_id"] == image_id_of(png(101))
    assert "dcgan/val/ai/5.png" not in manifest.table["path"].to_pylist()


def test_a_trusted_file_is_found_out_by_rehash(root: Path, tmp_path: Path) -> None:
    path = root / "dcgan/train/ai/1.png"
    path.write_bytes(png(1, "BMP"))
    os.utime(path, ns=(5, 5))
    index_root(root, None, tmp_path / "cache")
    other = png(77, "BMP")
    assert len(other) == path.stat().st_size
    path.write_bytes(other)
    os.utime(path, ns=(5, 5))
    old = index_root(root, None, tmp_path / "cache")
    new = index_root(root, None, tmp_path / "cache", rehash=True)
    name = "dcgan/train/ai/1.png"
    assert row(old, name)["image_id"] == image_id_of(png(1, "BMP"))
    assert row(new, name)["image_id"] == image_id_of(other)


@pytest.mark.parametrize("damage", [b"", b"PAR1 and then nothing", None])
def test_a_damaged_cache_is_made_anew(root: Path, tmp_path: Path, damage: bytes | None) -> None:
    first = index_root(root, None, tmp_path / "cache")
    cache = cache_path(tmp_path / "cache", root)
    cache.write_bytes(cache.read_bytes()[:-20] if damage is None else damage)
    assert index_root(root, None, tmp_path / "cache").table.equals(first.table)
    assert index_root(root, None, tmp_path / "cache").table.equals(first.table)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("3", id="the number alone, as up to version 3"),
        pytest.param("[4]", id="a list"),
        pytest.param('{"version": 3}', id="an earlier version"),
        pytest.param('{"version": 4, "layout": "folders"}', id="a fact too few"),
        pytest.param('{"version": 4, "root": "", "colour": "red"}', id="a fact too many"),
        pytest.param('{"version": 4, "root": "", "shard": 3}', id="a shard that is none"),
        pytest.param("no JSON", id="no JSON"),
        pytest.param(None, id="nothing"),
    ],
)
def test_an_index_of_another_version_is_made_anew(
    root: Path, tmp_path: Path, said: str | None
) -> None:
    first = index_root(root, None, tmp_path / "cache")
    cache = cache_path(tmp_path / "cache", root)
    other = {} if said is None else {b"crossgen index": said.encode()}
    pq.write_table(pq.ParquetFile(cache).read().replace_schema_metadata(other), cache)
    assert index_root(root, None, tmp_path / "cache").table.equals(first.table)
    (kept,) = pq.ParquetFile(cache).schema_arrow.metadata.values()
    assert b'"version": 4' in kept


def test_every_file_is_a_row_a_problem_or_counted(root: Path, tmp_path: Path) -> None:
    folder = root / "dcgan/train/ai"
    files = {
        "empty.png": b"",
        "cut.png": png(50)[:60],
        "note.png": b"this is a text",
        "photo.heic": b"\0\0\0\x18ftypheic",
        "really_a_jpeg.png": png(51, "JPEG"),
        "no_extension": png(52),
        "two.dots.PNG": png(53),
        "drawing.svg": b"<svg/>",
        ".hidden.png": png(54),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "broken.png").symlink_to(root / "gone.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "loop").symlink_to(root)
    for _ in range(2):  # the second time from the cache
        manifest = index_root(root, None, tmp_path / "cache")
        problems = {Path(p.path).name: p.reason for p in manifest.problems}
        assert set(problems) == {
            "empty.png", "cut.png", "note.png", "photo.heic", "broken.png", "pipe.png",
        }  # fmt: skip
        assert "0 bytes" in problems["empty.png"]
        assert "truncated" in problems["cut.png"]
        assert "not an image" in problems["note.png"]
        assert "link to nothing" in problems["broken.png"]
        assert "not a regular file" in problems["pipe.png"]
        assert manifest.table.num_rows == 8 + 3
        assert row(manifest, "dcgan/train/ai/really_a_jpeg.png")["format"] == "JPEG"
        assert manifest.skipped == {
            ".svg file": 1,
            "dot file": 1,
            "symbolic link to a folder that contains it": 1,
        }


def test_names_that_are_not_utf8_are_listed(root: Path, tmp_path: Path) -> None:
    try:
        (root / "dcgan/train/ai" / os.fsdecode(b"caf\xe9.png")).write_bytes(png(60))
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 names only")
    manifest = index_root(root, None, tmp_path / "cache")
    assert [p.path for p in manifest.problems] == ["dcgan/train/ai/caf\\udce9.png"]
    assert "UTF-8" in manifest.problems[0].reason
    assert manifest.table.num_rows == 8


def test_progress_ends_with_all_files(root: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    index_root(
        root, None, tmp_path / "cache", progress=lambda done, total: calls.append((done, total))
    )
    assert calls[:2] == [(0, 0), (0, 8)]  # listing folders; nothing of eight is read yet
    assert calls[-1] == (8, 8)
    calls.clear()
    index_root(
        root, None, tmp_path / "cache", progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(0, 0)]  # nothing to read


def test_an_interrupted_index_keeps_what_it_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FILES_PER_TASK", 2)

    def interrupt(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index_root(root, None, tmp_path / "cache", threads=1, progress=interrupt)
    looked_into = reads(monkeypatch)
    assert index_root(root, None, tmp_path / "cache").table.num_rows == 8
    assert len(looked_into) <= 6


def test_a_cache_that_cannot_be_written_costs_time_only(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.warns(RuntimeWarning, match="read again next time"):
        manifest = index_root(root, None, tmp_path / "file" / "cache")
    assert manifest.table.num_rows == 8


def test_the_number_of_threads_changes_nothing(root: Path, tmp_path: Path) -> None:
    one = index_root(root, None, tmp_path / "one", threads=1)
    assert one.table.equals(index_root(root, None, tmp_path / "eight", threads=8).table)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout, match="is not a folder"):
        index_root(tmp_path / "gone", None, tmp_path / "cache")


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"real images are not at {REAL_DATA}")
def test_real_images_are_indexed(tmp_path: Path) -> None:
    manifest = index_root(REAL_DATA, None, tmp_path / "cache")
    assert manifest.problems == []
    families = dict(
        zip(
            manifest.table["generator"].to_pylist(),
            manifest.table["family"].to_pylist(),
            strict=True,
        )
    )
    assert families == {
        "dcgan": "gan", "ddpm": "diffusion", "glow": "flow", "sngan": "gan", "vae": "vae",
    }  # fmt: skip
    assert set(manifest.table["width"].to_pylist()) == {32}
