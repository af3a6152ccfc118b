"""An index of many machines, of a moved root, of decoded images, and one that is trusted unseen."""

import io
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repository import ROOT

from data.index import index_root, indexed_manifest
from data.index_cache import cache_path, merge_shards, read_index, relocate
from data.indexing import one_file, reading
from data.indexing.columns import are_equal
from data.indexing.looking import is_of_shard
from data.manifest import Manifest
from data.randomness import stream
from data.refusals import Refused


def image(seed: int, format: str = "PNG") -> bytes:
    pixels_HWC = stream("index core", seed).integers(0, 256, (16, 24, 3), np.uint8)
    encoded = io.BytesIO()
    PIL.Image.fromarray(pixels_HWC).save(encoded, format)
    return encoded.getvalue()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "collection"
    for number in range(24):
        label = "ai" if number % 2 else "nature"
        folder = root / "dcgan" / ("train" if number % 4 < 2 else "val") / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(image(number, "JPEG" if number % 3 else "PNG"))
    return root


@pytest.fixture
def read_paths(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths whose bytes are looked into from now on."""
    paths: list[str] = []
    facts_in = one_file.facts_in

    def noted(content: bytes, path: str) -> object:
        paths.append(path)
        return facts_in(content, path)

    monkeypatch.setattr(one_file, "facts_in", noted)
    return paths


def broken_png() -> bytes:
    """A PNG with a sound header and end whose pixels do not decode."""
    content = bytearray(image(99))
    start = content.index(b"IDAT") + 12
    content[start : start + 40] = bytes(40)
    return bytes(content)


def test_a_root_that_moved_is_not_read_again(
    root: Path, tmp_path: Path, read_paths: list[str]
) -> None:
    cache, new = tmp_path / "cache", tmp_path / "elsewhere"
    before = index_root(root, None, cache)
    root.rename(new)
    (new / "dcgan/train/ai/1.png").write_bytes(image(77))
    assert relocate(cache, root, new) == 23
    read_paths.clear()
    after = index_root(new, None, cache)
    assert read_paths == ["dcgan/train/ai/1.png"]
    rest = [row for row in after.table.to_pylist() if row["path"] != read_paths[0]]
    assert rest == [row for row in before.table.to_pylist() if row["path"] != read_paths[0]]


def test_a_copy_with_other_times_is_read_again(root: Path, tmp_path: Path) -> None:
    cache, new = tmp_path / "cache", tmp_path / "copy"
    index_root(root, None, cache)
    shutil.copytree(root, new)
    for path in new.rglob("*.png"):
        os.utime(path, ns=(1, 1))
    assert relocate(cache, root, new) == 0
    assert not cache_path(cache, new).exists()


def test_what_cannot_be_relocated_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no index of it is kept"):
        relocate(tmp_path / "cache", root, root)
    index_root(root, None, tmp_path / "cache")
    with pytest.raises(Refused, match="is no folder"):
        relocate(tmp_path / "cache", root, tmp_path / "gone")


def test_a_relocated_index_is_not_trusted_before_it_was_looked_at(
    root: Path, tmp_path: Path
) -> None:
    cache, new = tmp_path / "cache", tmp_path / "biggan"
    index_root(root, None, cache)
    root.rename(new)
    relocate(cache, root, new)
    with pytest.raises(Refused, match="taken over from another place"):
        indexed_manifest(new, None, cache)


def test_shards_read_each_file_once_and_make_the_whole(
    root: Path, tmp_path: Path, read_paths: list[str]
) -> None:
    whole = index_root(root, None, tmp_path / "one")
    read_paths.clear()
    caches = [tmp_path / f"machine{i}" for i in (1, 2, 3)]
    parts = [index_root(root, None, c, shard=(i, 3)) for i, c in enumerate(caches, 1)]
    assert sorted(read_paths) == whole.table["path"].to_pylist()
    assert [part.shard for part in parts] == [(1, 3), (2, 3), (3, 3)]
    assert all(0 < part.table.num_rows < 24 for part in parts)
    assert merge_shards(caches, root, tmp_path / "merged") == 24
    read_paths.clear()
    assert index_root(root, None, tmp_path / "merged").table.equals(whole.table)
    assert read_paths == []
    assert indexed_manifest(root, None, tmp_path / "merged").table.equals(whole.table)


def test_a_missing_shard_is_named(root: Path, tmp_path: Path) -> None:
    for number in (1, 4):
        index_root(root, None, tmp_path, shard=(number, 4))
    with pytest.raises(Refused, match="of its 4 parts 2/4, 3/4 are missing"):
        merge_shards([tmp_path], root, tmp_path / "merged")
    index_root(root, None, tmp_path, shard=(1, 2))
    with pytest.raises(Refused, match=r"several divisions were found \(of 2, 4\)"):
        merge_shards([tmp_path], root, tmp_path / "merged")
    with pytest.raises(Refused, match="no part of its index was found"):
        merge_shards([tmp_path / "empty"], root, tmp_path / "merged")
    with pytest.raises(Refused, match="no index of it is kept"):
        indexed_manifest(root, None, tmp_path)


@pytest.mark.parametrize("shard", [(0, 3), (4, 3), (1, 0), (-1, 2)])
def test_a_shard_that_there_is_not_is_refused(
    root: Path, tmp_path: Path, shard: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match=f"Shard {shard[0]}/{shard[1]} is none"):
        index_root(root, None, tmp_path, shard=shard)


@settings(max_examples=50)
@given(st.text(), st.integers(1, 9))
def test_each_path_is_of_one_shard(path: str, of: int) -> None:
    assert sum(is_of_shard(path, (number, of)) for number in range(1, of + 1)) == 1


def test_broken_pixels_are_found_by_an_index_that_decodes(
    root: Path, tmp_path: Path, read_paths: list[str]
) -> None:
    (root / "dcgan/train/ai/broken.png").write_bytes(broken_png())
    (root / "dcgan/train/ai/text.png").write_bytes(b"a text")
    shallow = index_root(root, None, tmp_path / "cache")
    assert [(p.path, p.kind) for p in shallow.problems] == [("dcgan/train/ai/text.png", "header")]
    read_paths.clear()
    deep = index_root(root, None, tmp_path / "cache", decode=True)
    assert len(read_paths) == 26
    assert [(Path(p.path).name, p.kind) for p in deep.problems] == [
        ("broken.png", "pixels"),
        ("text.png", "header"),
    ]
    assert "broken or truncated pixels" in deep.problems[0].reason
    # What an index has looked for is no part of what a pool is.
    assert deep.table.equals(shallow.table)
    read_paths.clear()
    again = index_root(root, None, tmp_path / "cache", decode=True)
    known = index_root(root, None, tmp_path / "cache")
    assert (again.problems, known.problems, read_paths) == (deep.problems, deep.problems, [])


def test_a_trusted_index_looks_at_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="no index of it is kept"):
        indexed_manifest(root, None, tmp_path)
    before = index_root(root, None, tmp_path)
    shutil.rmtree(root)
    monkeypatch.setattr(os, "scandir", None)
    trusted = indexed_manifest(root, None, tmp_path)
    assert trusted.table.equals(before.table)
    assert (trusted.layout, trusted.reason) == (before.layout, before.reason)
    assert (trusted.skipped, trusted.simulated) == (before.skipped, before.simulated)
    with pytest.raises(Refused, match="it was indexed as genimage, and the file says"):
        indexed_manifest(root, "forensynths", tmp_path)


def test_an_index_with_files_that_could_not_be_read_is_not_trusted(
    root: Path, tmp_path: Path
) -> None:
    (root / "dcgan/train/ai/gone.png").symlink_to(root / "nowhere")
    assert index_root(root, None, tmp_path).problems[0].kind == "access"
    with pytest.raises(Refused, match="1 of its files could not be read"):
        indexed_manifest(root, None, tmp_path)


def by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MANY_FILES", 1)
    monkeypatch.setattr(reading, "FILES_PER_TASK", 1)


def test_processes_read_what_threads_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "dcgan/train/ai/broken.png").write_bytes(broken_png())
    (root / "dcgan/train/ai/text.png").write_bytes(b"a text")
    (root / "data").mkdir()  # where the worker starts a folder may bear any name
    monkeypatch.chdir(root)
    here = index_root(root, None, tmp_path / "here", decode=True)
    by_processes(monkeypatch)
    there = index_root(root, None, tmp_path / "there", decode=True, threads=2)
    assert there.table.equals(here.table)
    assert there.problems == here.problems


def test_a_file_that_kills_its_reader_is_named_and_the_others_are_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_processes(monkeypatch)
    (tmp_path / "killed").mkdir()
    fatal = tmp_path / "killed" / "sitecustomize.py"
    fatal.write_text(
        "import os, signal, data.indexing.one_file as one_file\n"
        "facts_in = one_file.facts_in\n"
        "def fatal(content, path):\n"
        "    if path.endswith('/5.png'):\n"
        f"        os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
        "    return facts_in(content, path)\n"
        "one_file.facts_in = fatal\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(fatal.parent))
    manifest = index_root(root, None, tmp_path / "cache", threads=2)
    assert [(p.path, p.kind) for p in manifest.problems] == [("dcgan/train/ai/5.png", "access")]
    assert "was killed" in manifest.problems[0].reason
    assert manifest.table.num_rows == 23


KILLED = """
import os, sys
from pathlib import Path
from data import index
from data.indexing import reading
index._KEPT_AFTER_S, reading.FILES_PER_TASK = 0.0, 4

def gone(done, total):
    if done >= 12:
        os._exit(9)

index.index_root(Path(sys.argv[1]), None, Path(sys.argv[2]), threads=1, progress=gone)
"""


def test_a_killed_index_loses_nothing_that_was_kept(
    root: Path, tmp_path: Path, read_paths: list[str]
) -> None:
    command = [sys.executable, "-c", KILLED, str(root), str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    assert not cache_path(tmp_path, root).exists()
    assert len(list(tmp_path.glob("index-*.part-*.parquet"))) == 3
    assert index_root(root, None, tmp_path).table.num_rows == 24
    assert len(read_paths) == 12
    assert list(tmp_path.glob("index-*.part-*.parquet")) == []


def test_words_are_compared_however_they_are_numbered() -> None:
    def table(words: list[str], numbers: list[int]) -> pa.Table:
        return pa.table(
            {"word": pa.DictionaryArray.from_arrays(np.array(numbers, np.int32), words)}
        )

    one = table(["a", "b"], [0, 1, 1])
    assert are_equal(one, table(["b", "unused", "a"], [2, 0, 0]))
    assert not are_equal(one, table(["b", "unused", "a"], [2, 0, 2]))
    assert not are_equal(one, table(["a", "c"], [0, 1, 1]))
    assert not are_equal(one, table(["a", "b"], [0, 1]))


def test_an_unchanged_index_is_not_written_again(root: Path, tmp_path: Path) -> None:
    index_root(root, None, tmp_path)
    place = cache_path(tmp_path, root)
    before, written = read_index(place), place.stat().st_mtime_ns
    (root / "dcgan/train/ai/notes.txt").write_bytes(b"")
    index_root(root, None, tmp_path)
    after = read_index(place)
    assert before is not None
    assert after is not None
    assert place.stat().st_mtime_ns > written  # another file is left out: that is said
    assert (before.facts.skipped, after.facts.skipped) == ({}, {".txt file": 1})
    written = place.stat().st_mtime_ns
    manifest: Manifest = index_root(root, "genimage", tmp_path)
    assert place.stat().st_mtime_ns == written
    assert manifest.reason == "named by the user"
