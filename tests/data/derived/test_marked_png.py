"""Files of a derived dataset are written whole, and never over another, with links or without."""

import errno
import os

import pytest

from data.derived.marked_png import put


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def unfinished(request, tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.EPERM, "no links here")

    if not request.param:
        monkeypatch.setattr(os, "link", refused)
    folder = tmp_path / "unfinished"
    folder.mkdir()
    return folder


def test_the_first_who_writes_a_file_has_written_it(tmp_path, unfinished) -> None:
    path = tmp_path / "a.png"
    assert put(b"first", path, unfinished)
    assert not put(b"second", path, unfinished)
    assert path.read_bytes() == b"first"
    assert list(unfinished.iterdir()) == []


def test_another_error_of_the_file_system_is_not_taken_for_that(
    tmp_path, monkeypatch, unfinished
) -> None:
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space left"):
        put(b"first", tmp_path / "a.png", unfinished)
    assert list(tmp_path.rglob("*.png")) == list(unfinished.iterdir()) == []
