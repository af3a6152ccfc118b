"""Which slabs are deleted for room: those that nobody used for a day, and never one in use."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from data.decoded import slab as slabs
from data.decoded import tidying
from data.decoded.shelf import SlabShelf
from data.decoded.slab import Slab
from data.decoded.slab_key import SlabKey
from data.image_ids import image_id_of
from data.view import View

SIZES = np.array([[50, 50]] * 4, np.int32)
IDS = [image_id_of(bytes([rank])) for rank in range(len(SIZES))]
KEYS = [SlabKey("p" + 20 * name, View()) for name in "abc"]
MANY = 10**9
HOUR_S = 3600.0


def pixels(rank: int) -> np.ndarray:
    return np.full((50, 50, 3), rank + 1, np.uint8)


def filled(shelf: SlabShelf, key: SlabKey) -> Slab:
    slab = shelf.slab(key, lambda: SIZES)
    assert slab is not None
    assert all(shelf.write(slab, rank, IDS[rank], pixels(rank)) for rank in range(len(IDS)))
    return slab


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * HOUR_S
    os.utime(path, (then, then))


def make_room_for_another(folder: Path, shelf: SlabShelf | None = None, room: int = 100) -> None:
    """Make a slab that fits only where older ones go, and by `room` more."""
    shelf = shelf or SlabShelf(folder, 0)
    shelf.max_bytes = tidying.used_bytes(folder) + room
    assert shelf.slab(KEYS[2], lambda: SIZES) is not None


def test_what_was_used_within_a_day_stays_and_what_was_not_goes(tmp_path) -> None:
    paths = [filled(SlabShelf(tmp_path, MANY), key).path for key in KEYS[:2]]
    for path, hours in zip(paths, (23, 25), strict=True):
        age(path, hours)
    make_room_for_another(tmp_path, room=-tidying.used_bytes(tmp_path) + 1)
    assert [path.exists() for path in paths] == [True, False]


def test_what_this_process_has_open_stays_however_long_it_was_not_read(tmp_path) -> None:
    shelf = SlabShelf(tmp_path, MANY)
    open_here = filled(shelf, KEYS[0])
    other = filled(SlabShelf(tmp_path, MANY), KEYS[1])
    for slab in (open_here, other):
        age(slab.path, 40 * 24)
    make_room_for_another(tmp_path, shelf)
    assert (open_here.path.exists(), other.path.exists()) == (True, False)
    assert np.array_equal(shelf.read(open_here, 2, IDS[2]), pixels(2))


def test_each_hour_of_reading_counts_as_use_for_other_processes(tmp_path, monkeypatch) -> None:
    slab = filled(SlabShelf(tmp_path, MANY), KEYS[0])
    age(slab.path, 30)
    slab.read(0, IDS[0])  # within the hour of its opening: not said again
    assert tidying.slab_files(tmp_path)[0].idle_s > 29 * HOUR_S
    later = time.monotonic() + 1.1 * HOUR_S
    monkeypatch.setattr(slabs.time, "monotonic", lambda: later)
    slab.read(0, IDS[0])
    assert tidying.slab_files(tmp_path)[0].idle_s < HOUR_S
    make_room_for_another(tmp_path)
    assert slab.path.exists()


def test_what_is_deleted_under_a_reader_is_still_read_right(tmp_path) -> None:
    shelf = SlabShelf(tmp_path, MANY)
    slab = filled(shelf, KEYS[0])
    age(slab.path, 25)
    make_room_for_another(tmp_path)
    assert not slab.path.exists()
    assert np.array_equal(shelf.read(slab, 1, IDS[1]), pixels(1))


@pytest.mark.parametrize("wanted", [0, 10**12])
def test_nothing_but_slabs_is_ever_deleted(tmp_path, wanted: int) -> None:
    own, dotted = tmp_path / "notes.txt", tmp_path / ".p.slab.bak"
    for path in (own, dotted):
        path.write_bytes(b"mine")
        age(path, 99 * 24)
    tidying.make_room(tmp_path, wanted, 1, keep=())
    assert own.exists()
    assert dotted.exists()
