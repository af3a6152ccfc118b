"""A file's bytes as they are read, and what its generator's name is known to stand for."""

import os
from pathlib import Path

import pytest

from data.index import index_root
from data.indexing.one_file import _content


@pytest.mark.parametrize("stated", [0, 700, 999, 1000, 1001, 5000])
@pytest.mark.parametrize("at_once", [1, 300, 10_000])
def test_all_bytes_are_read_whatever_the_size_was_and_however_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: int, at_once: int
) -> None:
    """A file that grows or shrinks meanwhile, and a file system that gives a part at a time."""
    content = os.urandom(1000)
    (tmp_path / "a.png").write_bytes(content)
    read = os.read
    monkeypatch.setattr(os, "read", lambda file, count: read(file, min(count, at_once)))
    descriptor = os.open(tmp_path / "a.png", os.O_RDONLY)
    try:
        assert _content(descriptor, stated) == content
    finally:
        os.close(descriptor)


def test_a_manifest_has_the_family_and_the_group_of_near_copies(
    tmp_path: Path, make_genimage
) -> None:
    root = make_genimage(tmp_path / "images", {"stable_diffusion_v_1_4": 1}, train=2, test=1)
    rows = index_root(root, "genimage", tmp_path / "cache").table.to_pylist()
    found = {(row["generator"], row["family"], row["generator_group"]) for row in rows}
    assert found == {("sd14", "diffusion", "sd1")}
