"""Rows whose images a node keeps: the same pixels, decoded once, within a bound."""

import logging
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rows_on_a_shelf import COUNT, SIDE, WHOLE, Files, all_of, same

import data.images
from data.decode import ImageChanged, UnreadableImage
from data.decoded import shelf as shelves
from data.decoded import tidying
from data.decoded.shared_rows import PoolSizes, pinned_part, result_sizes
from data.decoded.shelf import SlabShelf
from data.decoded.slab import Slab
from data.decoded.slab_key import SlabKey
from data.image_ids import image_id_of
from data.images import ImageRows
from data.randomness import stream
from data.view import View, view_of

RESIZED = view_of(geometry="resize(32,32)")
MANY = 10**9


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "images")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "slabs"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the images that were decoded, in their order."""
    found: list[str] = []
    decode = data.images.decode

    def counting(path: Path, image_id: str) -> np.ndarray:
        found.append(image_id)
        return decode(path, image_id)

    monkeypatch.setattr(data.images, "decode", counting)
    return found


@pytest.mark.parametrize(
    "view",
    [
        WHOLE,
        RESIZED,
        view_of("none", "jpeg(75) | noise(5)", "center_crop(16)"),
        view_of(geometry="resize(36,36) | random_crop(20) | hflip"),
    ],
)
def test_each_image_is_decoded_once_for_all(files, folder, decoded, view) -> None:
    for turn in range(3):  # each with a shelf of its own, as another process has
        rows = files.rows(SlabShelf(folder, MANY))
        expected = all_of(files.rows(None), view)
        decoded.clear()
        found = all_of(rows, view)
        assert all(map(np.array_equal, found, expected))
        assert len(decoded) == (0 if turn else COUNT)
        assert all(image_HWC.flags.c_contiguous for image_HWC in found)
    assert len(list(folder.iterdir())) == 2


def test_other_views_and_pools_have_slabs_of_their_own(files, folder) -> None:
    for view in (WHOLE, RESIZED, view_of("none", "blur(1)", "none")):
        assert same(files.rows(SlabShelf(folder, MANY)), files, view)
    assert len(list(folder.iterdir())) == 6


@pytest.mark.parametrize(
    ("what", "value"), [("PIL.__version__", "0"), ("data.decoded.slab_key.DECODE_VERSION", 7)]
)
def test_other_software_has_another_slab(monkeypatch, what, value) -> None:
    from data.decoded import slab_key

    before = SlabKey("p1", WHOLE).file_name
    assert before == SlabKey("p1", view_of()).file_name
    slab_key.decoder.cache_clear()
    monkeypatch.setattr(what, value)
    try:
        assert SlabKey("p1", WHOLE).file_name != before
    finally:
        slab_key.decoder.cache_clear()


def test_another_version_of_an_operation_has_another_slab(monkeypatch) -> None:
    before = SlabKey("p1", RESIZED).file_name
    monkeypatch.setattr(View, "versions", {"geometry.resize": 2})
    assert SlabKey("p1", RESIZED).file_name != before


def test_an_unreadable_or_changed_image_is_never_kept(files, folder) -> None:
    whole = files.paths[2].read_bytes()
    files.paths[2].write_bytes(whole[:-20])
    files.ids[2] = image_id_of(whole[:-20])
    files.paths[3].write_bytes(whole)
    for _ in range(2):
        rows = files.rows(SlabShelf(folder, MANY))
        with pytest.raises(UnreadableImage):
            rows.viewed(2, RESIZED)
        with pytest.raises(ImageChanged):
            rows.viewed(3, RESIZED)


def test_a_kept_image_is_the_one_that_was_indexed(files, folder, decoded) -> None:
    """Its name is its content: a file that changed since does not change what was planned."""
    before = files.rows(SlabShelf(folder, MANY)).viewed(0, RESIZED)
    files.paths[0].write_bytes(files.paths[1].read_bytes())
    assert np.array_equal(files.rows(SlabShelf(folder, MANY)).viewed(0, RESIZED), before)
    files.ids[0] = files.ids[1]  # and as another image it is looked for under that id
    assert not np.array_equal(files.rows(SlabShelf(folder, MANY)).viewed(0, RESIZED), before)


def test_damage_is_decoded_again_and_mended(files, folder, decoded) -> None:
    assert same(files.rows(SlabShelf(folder, MANY)), files)
    for slab in folder.iterdir():
        content = bytearray(slab.read_bytes())
        content[4096 + 17] ^= 4  # within the first image
        slab.write_bytes(content)
    decoded.clear()
    all_of(files.rows(SlabShelf(folder, MANY)))
    assert decoded == files.ids[:2]
    assert same(files.rows(SlabShelf(folder, MANY)), files)


@pytest.mark.parametrize("damage", [b"", b"xgenslab", b"\0" * 5000, "head"])
def test_a_torn_slab_is_made_anew(files, folder, decoded, damage, caplog) -> None:
    assert same(files.rows(SlabShelf(folder, MANY)), files)
    victim = sorted(folder.iterdir())[0]
    content = victim.read_bytes()
    victim.write_bytes(content[:60] + b"?" + content[61:] if isinstance(damage, str) else damage)
    assert same(files.rows(SlabShelf(folder, MANY)), files)
    assert "made anew" in caplog.text
    decoded.clear()
    all_of(files.rows(SlabShelf(folder, MANY)))
    assert decoded == []


def test_a_folder_that_is_deleted_in_between_costs_nothing_but_time(files, folder) -> None:
    shelf = SlabShelf(folder, MANY)
    rows = files.rows(shelf)
    assert same(rows, files)
    for slab in folder.iterdir():
        slab.unlink()
    assert same(rows, files)
    folder.rmdir()
    assert same(files.rows(shelf), files, RESIZED)


def fails(monkeypatch, error: OSError) -> list[int]:
    tries: list[int] = []

    def pwrite(*_: object) -> int:
        tries.append(1)
        raise error

    monkeypatch.setattr(os, "pwrite", pwrite)
    return tries


def test_a_full_disk_is_said_once_and_no_failure(files, folder, monkeypatch, caplog) -> None:
    tries = fails(monkeypatch, OSError(28, "No space left on device"))
    rows = files.rows(SlabShelf(folder, MANY))
    with caplog.at_level(logging.WARNING):
        assert same(rows, files)
        assert same(rows, files, RESIZED)
    assert len(tries) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left on device" in caplog.text
    assert "CROSSGEN_SCRATCH" in caplog.text


def test_a_folder_that_cannot_be_written_is_no_failure(files, tmp_path, caplog) -> None:
    (tmp_path / "a file").touch()
    assert same(files.rows(SlabShelf(tmp_path / "a file" / "slabs", MANY)), files)
    assert len(caplog.records) == 1


def test_a_disk_that_cannot_be_read_is_no_failure(files, folder, monkeypatch, caplog) -> None:
    assert same(files.rows(SlabShelf(folder, MANY)), files)

    def preadv(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "preadv", preadv)
    assert same(files.rows(SlabShelf(folder, MANY)), files)
    assert caplog.text.count("Input/output error") == 1


def test_nothing_is_kept_where_nothing_may_be(files, folder) -> None:
    assert same(files.rows(SlabShelf(folder, 0)), files)
    assert not folder.exists()


@pytest.mark.parametrize("kept", [0, 1, 5, 9])
def test_the_part_that_is_kept_is_the_same_for_everybody(files, folder, decoded, kept) -> None:
    slot = 2 * 4096  # 40 x 40 x 3 bytes and a checksum
    for turn in range(3):
        shelf = SlabShelf(folder, kept * slot + 2 * 4096)  # and two heads
        rows = files.rows(shelf)
        decoded.clear()
        all_of(rows)
        assert len(decoded) == COUNT - (kept if turn else 0)
        held = {i for i in range(COUNT) if rows.shared.read(i, WHOLE) is not None}
        assert held == set(np.flatnonzero(rows.shared.pinned(WHOLE)))


def test_less_room_keeps_a_part_of_what_more_does() -> None:
    ids = [image_id_of(str(number).encode()) for number in range(500)]
    sizes = np.random.default_rng(0).integers(1, 9, 500) * 4096
    before = np.zeros(500, bool)
    for room in range(0, int(sizes.sum()) + 4096, 100_000):
        part = pinned_part(ids, sizes, room)
        assert sizes[part].sum() <= room
        assert (part | ~before).all()
        before = part
    assert pinned_part(ids, sizes, int(sizes.sum())).all()
    # Drawn by hash: it does not go by the order of the rows.
    backwards = pinned_part(ids[::-1], sizes[::-1], 500_000)
    assert np.array_equal(backwards[::-1], pinned_part(ids, sizes, 500_000))


def test_which_images_are_kept_is_the_same_on_every_node_and_in_every_process() -> None:
    """A pin: whoever drew otherwise would fill a shared folder with other halves."""
    ids = [image_id_of(str(number).encode()) for number in range(40)]
    part = pinned_part(ids, np.full(40, 4096), 10 * 4096)
    assert np.flatnonzero(part).tolist() == [8, 10, 14, 15, 19, 22, 25, 26, 34, 39]


def test_several_processes_keep_within_the_bound(files, folder, monkeypatch) -> None:
    """Each sees room for all of its own; what is on disk is what counts."""
    monkeypatch.setattr(shelves, "MEASURED_EVERY", 4096)
    bound = 7 * 8192 + 100
    views = [WHOLE, view_of(geometry="resize(39,39)"), view_of("none", "blur(1)", "none")]
    rows = [(files.rows(SlabShelf(folder, bound)), view) for view in views]
    for each, view in rows:
        each.shared.pinned(view)
    for each, view in rows:
        all_of(each, view)
    assert tidying.used_bytes(folder) <= bound + 6 * 4096 + 8192  # six heads, one image


def test_sizes_are_those_that_come_out(files) -> None:
    sides = np.array([16, 30, 16, 50])
    pool = PoolSizes("p1", sides, sides[::-1])
    for view in (RESIZED, view_of(geometry="tile(24)"), view_of("none", "resize(20)", "none")):
        expected = [view.result_size(h, w) for h, w in zip(sides, sides[::-1], strict=True)]
        assert result_sizes(pool, view).tolist() == [list(size) for size in expected]
    crops = result_sizes(pool, view_of(geometry="center_crop(20)"))
    assert crops.tolist() == [[0, 0], [0, 0], [0, 0], [0, 0]]  # refused: said when it is its turn


def test_a_slab_of_wrong_sizes_is_not_written(files, folder, decoded) -> None:
    files.pools = [PoolSizes(p.pool_id, p.heights + 1, p.widths) for p in files.pools]
    for _ in range(2):
        assert same(files.rows(SlabShelf(folder, MANY)), files)


def test_rows_travel_to_other_processes_without_open_files(files, folder) -> None:
    rows = files.rows(SlabShelf(folder, MANY))
    assert same(rows, files)
    again = pickle.loads(pickle.dumps(rows))
    assert again.shared._shelf._open == {}
    assert same(again, files)


def test_some_rows_find_what_all_left(files, folder, decoded) -> None:
    rows = files.rows(SlabShelf(folder, MANY))
    expected = all_of(rows)
    decoded.clear()
    chosen = np.array([7, 2, 2, 11])
    some = files.rows(SlabShelf(folder, MANY)).taken(chosen)
    assert all(map(np.array_equal, all_of(some), [expected[index] for index in chosen]))
    assert some.labels.tolist() == [1, 0, 0, 1]
    assert decoded == []


def test_few_files_are_open_at_once(files, folder, monkeypatch) -> None:
    monkeypatch.setattr(shelves, "MOST_OPEN", 3)
    shelf = SlabShelf(folder, MANY)
    rows = files.rows(shelf)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for side in range(20, 30):
        assert same(rows, files, view_of(geometry=f"resize({side},{side})"))
        assert len(os.listdir("/proc/self/fd")) <= before + 3  # noqa: PTH208


def age(path: Path, days: float) -> None:
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))


def test_what_nobody_uses_makes_room_the_longest_unused_first(files, folder) -> None:
    views = [view_of(geometry=f"resize({side},{side})") for side in (36, 37, 38)]
    for view in views:
        all_of(files.rows(SlabShelf(folder, MANY)), view)
    oldest, older, used = (
        [folder / SlabKey(pool.pool_id, view).file_name for pool in files.pools] for view in views
    )
    for path, days in ((oldest[0], 9), (oldest[1], 8), (older[0], 2), (older[1], 2)):
        age(path, days)
    bound = tidying.used_bytes(folder) + 1000
    all_of(files.rows(SlabShelf(folder, bound)))  # wants as much as two of them take
    assert [p.exists() for p in (*oldest, *older, *used)] == [False, False, True, True, True, True]


def test_what_is_forgotten_goes_and_so_do_torn_beginnings(files, folder) -> None:
    all_of(files.rows(SlabShelf(folder, MANY)))
    forgotten = sorted(folder.iterdir())[0]
    torn, begun = (folder / f".p1.slab-{name}" for name in ("old", "new"))
    torn.touch()
    begun.touch()
    age(forgotten, 31)
    age(torn, 2)
    tidying.make_room(folder, 0, MANY, keep=())
    assert (forgotten.exists(), torn.exists(), begun.exists()) == (False, False, True)


def test_reading_counts_as_use(files, folder) -> None:
    all_of(files.rows(SlabShelf(folder, MANY)))
    for path in folder.iterdir():
        age(path, 20)
    all_of(files.rows(SlabShelf(folder, MANY)))
    assert max(slab.idle_s for slab in tidying.slab_files(folder)) < 3600


def _fill(files: Files, folder: Path, order: list[int], slowly: bool) -> None:
    if slowly:  # as if the disk were slow: many parts, so that a kill falls between two
        write_all = Slab._write_all

        def in_parts(self: Slab, content: memoryview, position: int) -> None:
            for start in range(0, len(content), 500):
                write_all(self, content[start : start + 500], position + start)
                time.sleep(0.0005)

        Slab._write_all = in_parts  # type: ignore[method-assign]
    rows = files.rows(SlabShelf(folder, MANY))
    while True:
        for index in order:
            assert same_one(rows, files, index)
        if not slowly:
            return


def same_one(rows: ImageRows, files: Files, index: int) -> bool:
    expected = stream("shared", index).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return np.array_equal(rows.viewed(index, WHOLE), expected)


def processes(targets: list[Callable[[], None]]) -> list[multiprocessing.Process]:
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=target) for target in targets]
    for process in started:
        process.start()
    return started


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes_that_are_killed_while_they_write_leave_nothing_wrong(files, folder) -> None:
    order = list(range(COUNT))
    for turn in range(12):
        [victim] = processes([lambda: _fill(files, folder, order, slowly=True)])
        time.sleep(0.02 + 0.011 * turn)
        assert victim.exitcode is None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        rows = files.rows(SlabShelf(folder, MANY))
        assert all(
            image_HWC is None or same_one(rows, files, index)
            for index in order
            for image_HWC in [rows.shared.read(index, WHOLE)]
        )
    assert same(files.rows(SlabShelf(folder, MANY)), files)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes_that_fill_at_once_write_the_same(files, folder) -> None:
    orders = [list(range(COUNT)), list(range(COUNT))[::-1], [*range(6, COUNT), *range(6)]]
    fillers = processes([lambda o=order: _fill(files, folder, o, False) for order in orders])
    for filler in fillers:
        filler.join(60)
        assert filler.exitcode == 0
    assert not list(folder.glob(".*"))
    shared = files.rows(SlabShelf(folder, MANY)).shared
    assert all(shared.read(index, WHOLE) is not None for index in range(COUNT))
