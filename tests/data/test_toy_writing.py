"""Toy images as files: whole or not there, equal whoever writes them, never over anything else."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from repository import ROOT

from data.index import index_root
from data.layout_detection import detect
from data.pools import pools_of
from data.simulated import SIMULATED_MARKER
from data.toy import writing
from data.toy.generators import TOY_GENERATORS
from data.toy.images import toy_images
from data.toy.processes import WorkerDied, run_jobs
from data.toy.writing import ToyFolderRefused, write_toy_images

HOUSE = ROOT
FEW = ("gan_shuffle", "dm_pixel")
SOME = ("gan_nearest", "gan_shuffle", "dm_cascade", "dm_pixel")


def write(root: Path, generators: tuple[str, ...] = FEW, processes: int = 1, seed: int = 0) -> None:
    write_toy_images(root, 3, 2, seed, generators, processes)


def contents(root: Path) -> dict[str, str]:
    """Digest of every file, hidden ones as well."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


WRITER = f"""
import os, signal, sys
from pathlib import Path
from data.toy import writing

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

root, way = Path(sys.argv[1]), sys.argv[2]
write_split = writing._write_split
if way == "killed in a generator":
    writing._write_split = lambda folder, pixels: (
        write_split(folder, pixels), "dm_cascade" in str(folder) and "val" in str(folder) and die()
    )
processes = 2 if way == "killed beside workers" else 1
progress = (lambda done, wanted: done and die()) if processes == 2 else None
if __name__ == "__main__":
    writing.write_toy_images(root, 4, 2, 0, {SOME}, processes, progress)
"""


def start_writer(root: Path, way: str = "") -> "subprocess.Popen[bytes]":
    arguments = [sys.executable, "-c", WRITER, str(root), way]
    return subprocess.Popen(arguments, cwd=HOUSE, start_new_session=True)


def wait_until(condition: Callable[[], object], at_most_s: float = 60) -> None:
    end = time.monotonic() + at_most_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def running(session: int) -> list[int]:
    """Processes of a session that have not ended (an orphan may stay a zombie in a container)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state not in "ZX":
                found.append(int(stat.parent.name))
    return found


def test_all_generators_in_the_genimage_layout(tmp_path: Path) -> None:
    root = tmp_path / "new" / "toy"
    seen: list[tuple[int, int]] = []
    write_toy_images(root, 3, 2, progress=lambda done, wanted: seen.append((done, wanted)))
    assert seen == [(10 * n, 80) for n in range(9)]
    manifest = index_root(root, None, tmp_path / "cache")
    assert manifest.layout == "genimage"
    assert not manifest.problems
    assert not manifest.skipped
    counted = Counter(
        zip(*(manifest.table[c].to_pylist() for c in ("generator", "split", "label")), strict=True)
    )
    assert counted == {
        (generator, split, label): num
        for generator in TOY_GENERATORS
        for split, num in (("train", 3), ("test", 2))
        for label in (0, 1)
    }
    assert {pool.family for pool in pools_of(manifest)} == {"gan", "diffusion"}
    assert len(set(manifest.table["image_id"].to_pylist())) == 80
    assert sorted(path.name for path in (root / "gan_tconv/val/ai").iterdir()) == [
        "0000.png", "0001.png",
    ]  # fmt: skip


def test_files_tell_nothing_but_their_pixels(tmp_path: Path) -> None:
    write(tmp_path)
    facts = set()
    for path in tmp_path.rglob("*.png"):
        with PIL.Image.open(path) as picture:
            facts.add((picture.format, picture.mode, picture.size, str(picture.info)))
        facts.add((path.stat().st_size, path.stat().st_mode, path.read_bytes()[:33]))
    assert len(facts) == 2, facts


def test_the_files_hold_the_pixels(tmp_path: Path) -> None:
    write(tmp_path, ("dm_pixel",))
    reals, fakes = toy_images("dm_pixel", 5, 0)
    for path, pixels in (
        ("train/nature/0001.png", reals[1]),
        ("train/ai/0002.png", fakes[2]),
        ("val/nature/0000.png", reals[3]),
        ("val/ai/0001.png", fakes[4]),
    ):
        with PIL.Image.open(tmp_path / "dm_pixel" / path) as picture:
            assert np.array_equal(np.asarray(picture), pixels), path


def test_the_bytes_do_not_depend_on_processes_or_order(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two", FEW[::-1], processes=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(contents(tmp_path / "one")) == 2 * 2 * 5 + 3


def test_seeds_differ_in_every_image(tmp_path: Path) -> None:
    write(tmp_path / "0")
    write(tmp_path / "1", seed=1)
    zero, one = contents(tmp_path / "0"), contents(tmp_path / "1")
    assert zero.keys() == one.keys()
    assert not set(zero.values()) & set(one.values())


def test_a_finished_folder_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    (tmp_path / ".DS_Store").touch()
    monkeypatch.setattr(writing, "toy_images", None)
    seen: list[tuple[int, int]] = []
    write_toy_images(
        tmp_path, 3, 2, 0, FEW[::-1], progress=lambda done, wanted: seen.append((done, wanted))
    )
    assert seen == [(20, 20)]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_is_missing_is_made_again(tmp_path: Path) -> None:
    write(tmp_path)
    whole = contents(tmp_path)
    (tmp_path / "dm_pixel").rename(tmp_path.parent / "moved away")
    write(tmp_path)
    assert contents(tmp_path) == whole


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("way", ["killed in a generator", "killed beside workers"])
def test_a_killed_writer_leaves_whole_generators_and_the_next_makes_the_rest(
    tmp_path: Path, way: str
) -> None:
    root = tmp_path / "toy"
    writer = start_writer(root, way)
    assert writer.wait(timeout=60) == -signal.SIGKILL
    wait_until(lambda: not running(writer.pid), at_most_s=30)  # no worker stays behind

    assert not (root / SIMULATED_MARKER).exists()
    written = [path for path in root.iterdir() if not path.name.startswith(".")]
    assert 1 <= len(written) < len(SOME)
    for folder in written:
        assert len(contents(folder)) == 2 * (4 + 2) + 1
        assert json.loads((folder / SIMULATED_MARKER).read_text())["generator"] == folder.name
    if way == "killed in a generator":
        assert {path.name for path in written} == {"gan_nearest", "gan_shuffle"}
        assert list(root.glob(".unfinished-toy-dm_cascade-*/val/nature/0001.png"))
    manifest = index_root(root, None, tmp_path / "cache")
    assert manifest.simulated
    assert set(manifest.table["generator"].to_pylist()) == {folder.name for folder in written}

    write_toy_images(root, 4, 2, 0, SOME, processes=1)
    write_toy_images(tmp_path / "at once", 4, 2, 0, SOME, processes=1)
    assert contents(root) == contents(tmp_path / "at once")
    assert not list(root.glob(".*"))


def test_two_writers_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    writers = [start_writer(tmp_path / "toy") for _ in range(2)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    write_toy_images(tmp_path / "alone", 4, 2, 0, SOME, processes=1)
    assert contents(tmp_path / "toy") == contents(tmp_path / "alone")


@pytest.mark.parametrize("place", ["photo.png", "gan_tconv/train/ai/0000.png", "dm_pixel/a.png"])
def test_other_content_is_refused_and_kept(place: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_bytes(b"mine")
    with pytest.raises(ToyFolderRefused, match="an empty or a new folder"):
        write(tmp_path)
    assert list(contents(tmp_path)) == [place]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": 1}, "seed = 0 and 1 was asked for"),
        ({"train": 4}, "train = 3 and 4 was asked for"),
        ({"test": 3}, "test = 2 and 3 was asked for"),
        ({"generators": ("gan_shuffle",)}, "generators = "),
        ({"generators": tuple(TOY_GENERATORS)}, "generators = "),
    ],
)
def test_toy_images_of_other_arguments_are_refused_and_kept(
    arguments: dict[str, object], message: str, tmp_path: Path
) -> None:
    write(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ToyFolderRefused, match=message):
        write_toy_images(tmp_path, **{"train": 3, "test": 2, "generators": FEW, **arguments})
    # Also where the writer did not come to its end.
    (tmp_path / SIMULATED_MARKER).unlink()
    if len(arguments.get("generators", ())) != len(TOY_GENERATORS):
        with pytest.raises(ToyFolderRefused):
            write_toy_images(tmp_path, **{"train": 3, "test": 2, "generators": FEW, **arguments})
    del before[SIMULATED_MARKER]
    assert contents(tmp_path) == before


def test_images_of_another_version_of_the_recipe_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.setattr(writing, "RECIPE_VERSION", writing.RECIPE_VERSION + 1)
    with pytest.raises(ToyFolderRefused, match="recipe_version = 1 and 2 was asked for"):
        write(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_damaged_marker_is_refused(text: str, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "dm_pixel" / SIMULATED_MARKER).write_text(text, encoding="latin-1")
    with pytest.raises(ToyFolderRefused, match="new folder"):
        write(tmp_path)


def test_a_file_in_place_of_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "toy").touch()
    with pytest.raises(ToyFolderRefused, match="is a file"):
        write(tmp_path / "toy")


def test_impossible_arguments_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    root = tmp_path / "toy"
    with pytest.raises(ValueError, match="Did you mean gan_tconv"):
        write_toy_images(root, generators=["gan_tcon"])
    with pytest.raises(ValueError, match="No toy generator"):
        write_toy_images(root, generators=[])
    for arguments in ({"train": 0}, {"test": 0}, {"processes": 0}):
        with pytest.raises(ValueError, match=r"= 0 makes no images; give 1 or more"):
            write_toy_images(root, **arguments)
    assert not root.exists()


def test_the_index_knows_that_images_are_simulated(tmp_path: Path, cifar_generators: Path) -> None:
    toy = tmp_path / "toy"
    write(toy)
    cache = tmp_path / "cache"
    assert index_root(toy, None, cache).simulated
    one = index_root(toy / "dm_pixel", None, cache)
    assert one.simulated
    assert set(one.table["generator"].to_pylist()) == {"dm_pixel"}
    # One linked among real ones, by another name.
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    (mixed / "dcgan").symlink_to(cifar_generators / "dcgan")
    assert not index_root(mixed, None, cache).simulated
    (mixed / "other").symlink_to(toy / "gan_shuffle")
    assert index_root(mixed, None, cache).simulated
    assert detect(mixed)[0] == "genimage"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_workers_error_is_the_callers(processes: int, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    jobs = [(str(tmp_path / "there"),), (str(tmp_path / "gone"),)]
    with pytest.raises(FileNotFoundError, match="gone"):
        list(run_jobs(os.rmdir, jobs, processes))


def test_a_worker_that_dies_is_reported() -> None:
    with pytest.raises(WorkerDied, match="run again with fewer processes"):
        list(run_jobs(os._exit, [(1,), (1,)], 2))


def test_every_job_is_done_once(tmp_path: Path) -> None:
    jobs = [(str(tmp_path / str(number)),) for number in range(7)]
    assert sorted(run_jobs(os.mkdir, jobs, 2)) == jobs
    assert len(list(tmp_path.iterdir())) == 7
