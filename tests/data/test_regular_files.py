"""A pipe, a socket or a device in the place of a file is refused at once, and never waited for."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from data.decode import decode
from data.index import index_root
from data.regular_files import NotARegularFile, open_regular, read_regular

InTime = Callable[[Callable[[], object]], object]


def fifo(path: Path) -> None:
    os.mkfifo(path)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path may have 107 bytes only
        listener.bind(path.name)
        os.chdir(here)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


KINDS = {"a named pipe": fifo, "a socket": bound_socket, "a device": endless, "a folder": folder}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_refused_at_once(
    kind: str, tmp_path: Path, in_time: InTime
) -> None:
    KINDS[kind](tmp_path / "x.png")
    for read in (read_regular, decode):
        error = in_time(lambda read=read: read(tmp_path / "x.png"))  # type: ignore[misc]
        assert isinstance(error, NotARegularFile)
        assert f"not a regular file but {kind}" in str(error)
        assert "x.png" in str(error)


def test_a_pipe_that_comes_after_the_first_look_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_time: InTime
) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"as it was looked at")
    as_it_was = path.stat()
    path.unlink()
    fifo(path)
    monkeypatch.setattr(os, "stat", lambda *_, **__: as_it_was)
    assert isinstance(in_time(lambda: open_regular(path)), NotARegularFile)


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_lists_it_and_the_rest_is_indexed(
    kind: str, tmp_path: Path, in_time: InTime
) -> None:
    rng = np.random.default_rng(0)
    for name in ("ai", "nature"):
        place = tmp_path / "root" / "g1" / "train" / name
        place.mkdir(parents=True)
        PIL.Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8)).save(place / "a.png")
    KINDS[kind](place / "x.png")
    manifest = in_time(lambda: index_root(tmp_path / "root", None, tmp_path / "cache"))
    assert not isinstance(manifest, Exception), manifest
    assert manifest.table.num_rows == 2  # type: ignore[attr-defined]
    if kind != "a folder":  # an empty one holds no file
        [problem] = manifest.problems  # type: ignore[attr-defined]
        assert problem.reason == f"not a regular file but {kind}"
