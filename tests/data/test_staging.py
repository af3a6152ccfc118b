"""Files copied to a node's own disk, and images read from there."""

import errno
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_disk import small_disk

from data import staged_images
from data.decode import ImageChanged, UnreadableImage, decode
from data.image_digest import image_id_of
from data.refusals import Refused
from data.staged_images import WrongCopies, copy_in
from data.staging import UNFINISHED, NoRoom, copy_all, require_room, staging_of


@pytest.fixture
def shared(tmp_path):
    folder = tmp_path / "shared"
    (folder / "a b").mkdir(parents=True)
    for i in range(5):
        pixels = np.full((8, 8, 3), 40 * i, np.uint8)
        Image.fromarray(pixels).save(folder / "a b" / f"{i}.png")
    return folder


@pytest.fixture
def files(shared):
    return [str(path) for path in sorted(shared.rglob("*.png"))]


@pytest.fixture
def local(tmp_path, monkeypatch):
    folder = tmp_path / "local"
    folder.mkdir()
    monkeypatch.setenv("CROSSGEN_STAGED", str(folder))
    monkeypatch.setattr("data.decode.WRONG_COPIES", WrongCopies())
    return folder


def stage(files, folder, jobs=2):
    staging = staging_of(files, folder, jobs)
    require_room(staging, folder)
    moved = []
    faults = [*staging.faults, *copy_all(staging, folder, jobs, moved.append)]
    assert sum(moved) == staging.bytes_wanted
    return staging, faults


def id_of(path):
    return image_id_of(Path(path).read_bytes())


def wrong():
    from data.decode import WRONG_COPIES

    return WRONG_COPIES.to_tell()


def test_copies_are_read_and_the_shared_folder_is_not_looked_at(shared, files, local):
    stage(files, local)
    ids = [id_of(path) for path in files]
    shared.rename(shared.with_name("gone"))
    for number, (path, image_id) in enumerate(zip(files, ids, strict=True)):
        assert decode(path, image_id)[0, 0, 0] == 40 * number
    with pytest.raises(FileNotFoundError):
        decode(files[0])  # nothing would say whether the copy is right
    assert wrong() == ""


def test_what_is_there_is_not_copied_again_and_what_changed_is(files, local):
    staging, faults = stage(files, local)
    assert (len(staging.wanted), staging.there, faults) == (5, 0, [])
    staging, _ = stage(files, local)
    assert (len(staging.wanted), staging.there) == (0, 5)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(files[1])
    os.truncate(copy_in(local, files[2]), 3)
    staging, _ = stage(files, local)
    assert [each.source for each in staging.wanted] == files[1:3]
    for path in files:
        assert Path(copy_in(local, path)).read_bytes() == Path(path).read_bytes()
    assert list((local / UNFINISHED).iterdir()) == []


@pytest.mark.parametrize(
    "harm",
    [
        lambda copy: copy.write_bytes(b"x" * copy.stat().st_size),
        lambda copy: os.truncate(copy, 10),
        lambda copy: os.truncate(copy, 0),
        lambda copy: (copy.unlink(), os.mkfifo(copy)),
        lambda copy: (copy.unlink(), copy.symlink_to(copy)),
    ],
    ids=["other bytes", "cut", "empty", "pipe", "loop"],
)
def test_a_wrong_copy_is_passed_over_and_told_once(files, local, harm):
    stage(files, local)
    image_id = id_of(files[3])
    harm(Path(copy_in(local, files[3])))
    for _ in range(2):
        assert decode(files[3], image_id)[0, 0, 0] == 120
    said = wrong()
    assert "2 staged copies were passed over" in said
    assert copy_in(local, files[3]) in said
    assert wrong() == ""


def test_an_image_at_fault_is_named_where_it_lies_itself(files, local):
    os.truncate(files[0], 60)
    stage(files, local)
    with pytest.raises(UnreadableImage, match="truncated") as met:
        decode(files[0], id_of(files[0]))
    assert met.value.path == files[0]
    with pytest.raises(ImageChanged) as changed:
        decode(files[1], "0" * 16)
    assert changed.value.path == files[1]
    assert wrong() == ""


def test_what_nobody_staged_is_read_where_it_lies(files, local, monkeypatch):
    image_id = id_of(files[1])
    assert decode(files[1], image_id)[0, 0, 0] == 40
    monkeypatch.setenv("CROSSGEN_STAGED", str(local / "nowhere"))
    assert decode(files[1], image_id)[0, 0, 0] == 40
    assert wrong() == ""
    monkeypatch.setenv("CROSSGEN_STAGED", "local")
    with pytest.raises(Refused, match="it is relative"):
        decode(files[1], image_id)


def test_copies_lie_below_their_folder_or_nowhere(tmp_path):
    assert copy_in(tmp_path, "/data/a.png") == f"{tmp_path}/data/a.png"
    assert copy_in(tmp_path, "/data/../a.png") is None
    assert copy_in(tmp_path, "a.png") is None
    assert staged_images.VARIABLE == "CROSSGEN_STAGED"


def test_files_that_cannot_be_read_are_named_and_the_others_copied(files, local):
    Path(files[0]).unlink()
    staging = staging_of(files, local, 2)
    assert [fault.split(": ")[1] for fault in staging.faults] == ["No such file or directory"]
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(files[1])  # after it was looked at
    faults = list(copy_all(staging, local, 2, lambda _: None))
    assert faults == [f"{files[1]}: it changed while it was copied"]
    assert not Path(copy_in(local, files[1])).exists()
    assert Path(copy_in(local, files[2])).exists()


def test_too_small_a_disk_is_refused_with_both_numbers_before_and_meanwhile(tmp_path, files):
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(400_000))
    with small_disk(tmp_path / "disk", "256k") as place:
        with pytest.raises(NoRoom, match=r"take 400 kB more, and 262 kB are free"):
            require_room(staging_of([str(big)], place, 1), place)
        staging = staging_of([str(big)], place, 1)
        with pytest.raises(NoRoom, match="No space left on device"):
            list(copy_all(staging, place, 1, lambda _: None))
        assert not (place / str(big)[1:]).exists()
        assert list((place / UNFINISHED).iterdir()) == []


def test_several_at_once_leave_whole_copies_only(tmp_path, files, local):
    faults, seen = [], []

    def go():
        staging = staging_of(files, local, 2)
        seen.append(len(staging.wanted))
        faults.extend(copy_all(staging, local, 2, lambda _: None))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert staging_of(files, local, 2).wanted == []


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(files, local):
    unfinished = local / UNFINISHED
    unfinished.mkdir()
    for name, age_s in (("old", 7200), ("new", 10)):
        (unfinished / name).write_text("x")
        then = time.time() - age_s
        os.utime(unfinished / name, (then, then))
    stage(files, local)
    assert [each.name for each in unfinished.iterdir()] == ["new"]


def test_a_disk_that_fails_to_read_is_no_reason_to_stop(files, local, monkeypatch):
    def fails(path):
        raise OSError(errno.EIO, "Input/output error", path)

    staging = staging_of(files, local, 2)
    monkeypatch.setattr("data.staging.open_regular", fails)
    assert len(list(copy_all(staging, local, 2, lambda _: None))) == 5
