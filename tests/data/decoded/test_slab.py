"""One file of kept images: what is written is read, and nothing else ever is."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.decoded import slab as slabs
from data.decoded.checksum import LANES, checksum
from data.decoded.slab import PAGE, Slab, SlabDamaged, create, slot_starts
from data.image_ids import image_id_of

SIZES = np.array([[5, 7], [0, 0], [64, 64], [1, 1], [90, 40]], np.int32)
IDS = [image_id_of(str(rank).encode()) for rank in range(len(SIZES))]


def image(rank: int) -> np.ndarray:
    rng = np.random.default_rng(rank)
    return rng.integers(0, 256, (*SIZES[rank], 3), np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create(tmp_path / "p.slab", {"view": "none"}, SIZES)
    return tmp_path / "p.slab"


@pytest.fixture
def full(path: Path) -> Path:
    slab = Slab(path)
    for rank in (0, 2, 3, 4):
        assert slab.write(rank, IDS[rank], image(rank)) > 0
    return path


def read(path: Path) -> dict[int, bool]:
    """Which images are found; each that is must be right."""
    slab = Slab(path)
    found = {rank: slab.read(rank, IDS[rank]) for rank in range(len(SIZES))}
    for rank, image_HWC in found.items():
        assert image_HWC is None or np.array_equal(image_HWC, image(rank))
    return {rank: image_HWC is not None for rank, image_HWC in found.items()}


def test_what_was_written_is_read_by_whoever_opens_it(full: Path) -> None:
    assert read(full) == {0: True, 1: False, 2: True, 3: True, 4: True}
    assert b'{"view": "none"}' in full.read_bytes()[:200]


def test_what_was_not_written_is_missing_and_takes_no_disk(path: Path) -> None:
    assert not any(read(path).values())
    assert path.stat().st_blocks * 512 < path.stat().st_size


def test_no_two_images_share_a_page(path: Path) -> None:
    starts = slot_starts(SIZES, PAGE)
    assert not (starts % PAGE).any()
    assert np.array_equal(np.diff(starts) > 0, SIZES.prod(axis=1) > 0)
    assert path.stat().st_size == starts[-1]


def test_an_image_of_another_size_or_another_id_is_not_taken(full: Path) -> None:
    slab = Slab(full)
    assert slab.write(0, IDS[0], image(2)) == 0
    assert slab.write(1, IDS[1], np.zeros((0, 0, 3), np.uint8)) == 0
    assert slab.read(0, IDS[2]) is None


def test_two_who_make_it_at_once_have_one(full: Path) -> None:
    create(full, {"view": "none"}, SIZES)
    assert read(full)[2]
    assert [entry.name for entry in full.parent.iterdir()] == ["p.slab"]


def test_a_slab_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch) -> None:
    """A machine that loses power in between has a whole slab or none."""
    done, fsync, link = [], os.fsync, os.link

    def flushed(file: int) -> None:
        fsync(file)
        done.append(("flushed", os.fstat(file).st_size))

    def named(source: Path, target: Path) -> None:
        link(source, target)
        done.append(("named", target.stat().st_size))

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "link", named)
    create(tmp_path / "q.slab", {}, SIZES)
    size = int(slot_starts(SIZES, PAGE)[-1])
    assert done == [("flushed", size), ("named", size)]


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch) -> None:
    def refused(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refused)
    create(tmp_path / "q.slab", {}, SIZES)
    assert not any(read(tmp_path / "q.slab").values())
    assert len(list(tmp_path.iterdir())) == 1


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_flipped_bit_is_found(tmp_path_factory, data) -> None:
    folder = tmp_path_factory.mktemp("flip")
    path = folder / "p.slab"
    create(path, {}, SIZES)
    slab = Slab(path)
    for rank in (0, 2, 4):
        slab.write(rank, IDS[rank], image(rank))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    starts = slot_starts(SIZES, PAGE)
    try:
        found = read(path)  # asserts that no image is wrong
    except SlabDamaged:
        assert place < PAGE
        return
    for rank in (0, 2, 4):
        end = starts[rank] + image(rank).nbytes + 8
        assert found[rank] == (not starts[rank] <= place < end)


def test_a_truncated_file_loses_images_and_nothing_else(full: Path) -> None:
    size = full.stat().st_size
    slab = Slab(full)  # open while it shrinks: a mapped file would end the process
    for end in (size - 1, size - PAGE, size - 3 * PAGE, 2 * PAGE, PAGE):
        os.truncate(full, end)
        known = read(full)
        assert (slab.read(0, IDS[0]) is not None) == known[0] == (end >= 2 * PAGE)
    assert slab.write(4, IDS[4], image(4)) > 0
    assert read(full)[4]
    os.truncate(full, 20)
    with pytest.raises(SlabDamaged):
        Slab(full)


def test_pages_that_change_places_are_found(path: Path, tmp_path: Path) -> None:
    sizes = np.array([[200, 200]], np.int32)
    create(tmp_path / "large.slab", {}, sizes)
    pixels = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    slab = Slab(tmp_path / "large.slab")
    slab.write(0, IDS[0], pixels)
    content = (tmp_path / "large.slab").read_bytes()
    a, b = content[PAGE : 2 * PAGE], content[5 * PAGE : 6 * PAGE]
    with (tmp_path / "large.slab").open("r+b") as file:
        for start, page in ((PAGE, b), (5 * PAGE, a)):
            file.seek(start)
            file.write(page)
    assert slab.read(0, IDS[0]) is None


def test_bytes_without_a_checksum_are_no_image(path: Path, monkeypatch) -> None:
    slab = Slab(path)
    black = np.zeros((64, 64, 3), np.uint8)
    assert slab.read(2, IDS[2]) is None  # a hole is all zeros, and a black image is, too
    written, write_all = [], Slab._write_all

    def killed(self, content, position):
        if written:
            raise KeyboardInterrupt
        written.append(position)
        write_all(self, content, position)

    monkeypatch.setattr(Slab, "_write_all", killed)
    with pytest.raises(KeyboardInterrupt):
        slab.write(2, IDS[2], black)
    assert slab.read(2, IDS[2]) is None
    monkeypatch.setattr(Slab, "_write_all", write_all)
    slab.write(2, IDS[2], black)
    assert np.array_equal(slab.read(2, IDS[2]), black)


@pytest.mark.parametrize("count", [1, 8 * LANES, 16 * LANES, 16 * LANES + 1, 40_000, 65_537])
def test_a_checksum_depends_on_every_byte_the_length_and_the_image(count: int) -> None:
    pixels = np.random.default_rng(count).integers(0, 256, count, np.uint8)
    sums = {checksum(pixels, IDS[0]), checksum(pixels, IDS[1]), checksum(pixels[:-1], IDS[0])}
    assert len(sums) == 3
    for place in np.linspace(0, count - 1, 50).astype(int):
        changed = pixels.copy()
        changed[place] ^= 128
        assert checksum(changed, IDS[0]) != checksum(pixels, IDS[0])


def test_a_checksum_is_never_what_a_hole_holds(monkeypatch) -> None:
    class Zero:
        def update(self, _): ...
        def digest(self):
            return bytes(32)

    monkeypatch.setattr("data.decoded.checksum.hashlib.sha256", lambda _: Zero())
    assert any(checksum(np.zeros(3, np.uint8), IDS[0]))


def test_a_slab_that_may_only_be_read_is_read(full: Path, monkeypatch) -> None:
    real = os.open

    def read_only(path, flags, *rest):
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest)

    monkeypatch.setattr(slabs.os, "open", read_only)
    assert read(full)[2]
    assert Slab(full).write(2, IDS[2], image(2)) == 0


def test_a_pipe_in_its_place_is_no_slab(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.slab")
    with pytest.raises((SlabDamaged, OSError)):
        Slab(tmp_path / "p.slab")


def test_handles_are_closed_when_nobody_needs_them(full: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of this process, now
    for _ in range(50):
        Slab(full).read(0, IDS[0])
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
