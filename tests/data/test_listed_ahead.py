"""Folders are listed at the same time, and their files come as if they were not."""

import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import listed_ahead
from data.folder_walk import files_below, files_below_each
from data.listed_ahead import ListedAhead

NAMES = st.sampled_from(["a", "b", "c", ".d", "x.txt", "y.png", "z.png"])
TREES = st.recursive(
    st.none(), lambda inner: st.dictionaries(NAMES, inner, max_size=5), max_leaves=20
)


def made(root: Path, tree: dict[str, Any] | None) -> None:
    if tree is None:
        root.touch()
        return
    root.mkdir()
    for name, inner in tree.items():
        made(root / name, inner)


def walked(root: Path, folder: Path, skipped: Counter[str]) -> list[str]:
    """The files below a folder by the rules of `files_below`, one after the other."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            skipped["dot file"] += 1
        elif path.name.endswith(".txt"):
            skipped[".txt file"] += 1
        elif path.is_dir():
            found += walked(root, path, skipped)
        else:
            found.append(path.relative_to(root).as_posix())
    return found


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, TREES, max_size=5))
def test_files_come_in_one_order_however_many_folders_are_listed_at_a_time(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]
) -> None:
    root = tmp_path_factory.mktemp("walk") / "root"
    made(root, tree)
    expected_skipped: Counter[str] = Counter()
    expected = walked(root, root, expected_skipped)
    for threads in (1, 2, 32):
        skipped: Counter[str] = Counter()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listed_ahead, "THREADS", threads)
            assert list(files_below(root, "", skipped)) == expected
        assert skipped == expected_skipped


def test_what_is_said_of_a_folder_comes_with_its_files(tmp_path: Path) -> None:
    places = []
    for number in range(40):  # more than are listed at a time
        made(tmp_path / f"{number}", {"a": {"x.png": None}, "z.png": None, ".d": None})
        places.append((tmp_path / f"{number}", number))
    skipped: Counter[str] = Counter()
    found = list(files_below_each(tmp_path, places[::-1], skipped))
    expected = [(n, f"{n}/{name}") for n in range(39, -1, -1) for name in ("a/x.png", "z.png")]
    assert found == expected
    assert skipped == {"dot file": 40}


@pytest.mark.parametrize("of_one_root", [True, False], ids=["folders in one", "named folders"])
def test_several_folders_are_listed_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_one_root: bool
) -> None:
    for number in range(8):
        made(tmp_path / f"{number}", {"x.png": None})
    together = threading.Barrier(8)
    scandir = os.scandir

    def waits_for_the_others(path: str) -> Any:
        if Path(path) != tmp_path:
            together.wait(timeout=20)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", waits_for_the_others)
    places = [(tmp_path, None)] if of_one_root else [(tmp_path / f"{n}", None) for n in range(8)]
    found = [path for _, path in files_below_each(tmp_path, places, Counter())]
    assert found == [f"{number}/x.png" for number in range(8)]


def test_no_more_is_listed_than_is_soon_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:03}" for number in range(100)]
    for name in names:
        (tmp_path / name).mkdir()
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    ahead = ListedAhead()
    found = ahead(str(tmp_path), names)
    for _ in range(10):
        next(found)
    ahead.close()
    assert 10 <= len(listed) <= 10 + listed_ahead.THREADS


def test_a_folder_that_is_gone_or_closed_is_told_from_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "root", {"a": {}, "b": {"x.png": None}, "c": {"y.png": None}})
    scandir = os.scandir

    def refuses_b(path: str) -> Any:
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses_b)
    assert list(files_below(tmp_path / "root", "", Counter())) == ["b", "c/y.png"]
    with pytest.raises(FileNotFoundError):
        list(files_below(tmp_path / "root", "d", Counter()))
