"""Whether a host has a pool's images at all, looked at without reading them."""

import os
from pathlib import Path

import pytest

from grid.trial.visible_images import ImagesNotSeen, require_seen


def images(folder, count):
    folder.mkdir()
    paths = [folder / f"{i:03d}.png" for i in range(count)]
    for path in paths:
        path.touch()
    return [str(path) for path in paths]


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_a_pool_that_is_there_is_seen(tmp_path, count):
    require_seen(images(tmp_path / "here", count))


def test_a_root_that_is_not_there_is_said_with_host_and_path():
    with pytest.raises(ImagesNotSeen) as refusal:
        require_seen(["/nowhere/a.png", "/nowhere/b.png"])
    assert f"host {os.uname().nodename} does not see" in str(refusal.value)
    assert "/nowhere/a.png" in str(refusal.value)


def test_single_files_that_are_missing_are_not_a_missing_root(tmp_path):
    paths = images(tmp_path / "here", 40)
    for path in paths[:20]:
        Path(path).unlink()
    require_seen(paths)


def test_a_row_of_a_parquet_file_is_looked_for_in_its_file(tmp_path):
    with pytest.raises(ImagesNotSeen):
        require_seen([str(tmp_path / "none.parquet#0.0")])
