"""A disk that is full or limited: what has no room is decoded, what was kept is right."""

import logging
import multiprocessing
import os
import resource
from pathlib import Path

import numpy as np
import pytest
from rows_on_a_shelf import COUNT, WHOLE, Files, all_of, same
from small_disk import small_disk

from data.decoded import shelf as shelves
from data.decoded import tidying
from data.decoded.shelf import SlabShelf
from data.view import view_of

SLOT = 2 * 4096
"""Bytes that an image of 40 x 40 takes with its checksum."""
HEADS = 2 * 4096
MANY = 10**9


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "images")


def held(files: Files, folder: Path) -> int:
    """How many images the slabs of a folder hold; each that they hold must be right."""
    shared, expected = files.rows(SlabShelf(folder, MANY)).shared, all_of(files.rows(None))
    found = [shared.read(index, WHOLE) for index in range(COUNT)]
    assert all(one is None or np.array_equal(one, expected[i]) for i, one in enumerate(found))
    return sum(one is not None for one in found)


def test_a_disk_that_fills_up_midway_keeps_what_it_has_and_the_rest_is_decoded(
    files, tmp_path, caplog
) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk, caplog.at_level(logging.WARNING):
        rows = files.rows(SlabShelf(disk / "slabs", MANY))
        assert same(rows, files)
        assert same(rows, files)
        assert caplog.text.count("No space left on device") == len(caplog.records) == 1
        kept = held(files, disk / "slabs")
        assert 0 < kept < COUNT
        assert same(files.rows(SlabShelf(disk / "slabs", MANY)), files)
        assert held(files, disk / "slabs") == kept


def test_a_disk_without_room_for_a_slab_leaves_no_beginning_behind(files, tmp_path) -> None:
    with small_disk(tmp_path / "disk", "16k") as disk:
        folder = disk / "slabs"
        folder.mkdir()
        (disk / "others").write_bytes(bytes(16_384))
        assert same(files.rows(SlabShelf(folder, MANY)), files)
        assert list(folder.iterdir()) == []
        (disk / "others").unlink()
        assert same(files.rows(SlabShelf(folder, MANY)), files)
        assert held(files, folder) > 0, "and it goes on when there is room"


def _within_limit(files: Files, folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    assert same(files.rows(SlabShelf(folder, MANY)), files)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_whose_files_may_not_grow_decodes(files, tmp_path) -> None:
    child = multiprocessing.get_context("fork").Process(
        target=_within_limit, args=(files, tmp_path / "slabs")
    )
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert list((tmp_path / "slabs").iterdir()) == []


def test_a_write_that_ends_early_is_continued(files, tmp_path, monkeypatch) -> None:
    """As on a disk that is nearly full, or interrupted: fewer bytes are written than were given."""
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, content, at: pwrite(file, content[:1000], at))
    all_of(files.rows(SlabShelf(tmp_path / "slabs", MANY)))
    assert held(files, tmp_path / "slabs") == COUNT


def test_what_others_take_leaves_less_room_and_which_part_is_kept_is_known_before(
    files, tmp_path
) -> None:
    folder = tmp_path / "slabs"
    all_of(files.rows(SlabShelf(folder, MANY)), view_of(geometry="resize(39,39)"))
    others = tidying.used_bytes(folder)
    rows = files.rows(SlabShelf(folder, others + HEADS + 5 * SLOT))
    assert rows.shared.pinned(WHOLE).sum() == 5
    all_of(rows)
    assert held(files, folder) == 5


def test_each_process_looks_again_after_what_it_wrote(files, tmp_path, monkeypatch) -> None:
    """Two have room for all of their own; neither goes further beyond than it writes unseen."""
    unseen = 2 * SLOT
    monkeypatch.setattr(shelves, "MEASURED_EVERY", unseen)
    folder, bound = tmp_path / "slabs", 2 * HEADS + COUNT * SLOT
    views = [WHOLE, view_of("none", "blur(1)", "none")]
    both = [(files.rows(SlabShelf(folder, bound)), view) for view in views]
    for rows, view in both:
        assert rows.shared.pinned(view).any()
    for index in range(COUNT):
        for rows, view in both:
            rows.viewed(index, view)
    assert tidying.used_bytes(folder) <= bound + 2 * unseen
