"""Thousands of damaged files: each is an image, or a listed problem, and never anything else."""

import signal
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from broken_files import broken_files, same_pixels, whole_files

from data.decode import decode, decoded
from data.image_files import MOST_PIXELS, FileFacts, UnreadableImage, facts_of
from data.image_ids import image_id_of
from data.index import index_root
from data.jpeg_tables import quality_of, table_values
from data.pipelines import Image

SUBSAMPLINGS = {"", "4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1", "grey", "other"}
LONGEST_S = 20  # for one small file: only a hang takes so long, also on a busy machine


@contextmanager
def bounded(what: str) -> Iterator[None]:
    """A file that keeps its reader for ever fails the test and is named."""

    def hangs(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"{what} takes longer than {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def read(name: str, content: bytes) -> tuple[FileFacts | str, Image | str]:
    """Header facts and pixels of a file, or why there are none; anything else is raised."""
    found: FileFacts | str
    pixels: Image | str
    with bounded(name):
        try:
            found = facts_of(content, name)
        except UnreadableImage as error:
            found = error.reason
        try:
            pixels = decoded(content, name)
        except UnreadableImage as error:
            pixels = error.reason
    return found, pixels


def check(name: str, content: bytes) -> str:
    """Hold both readers against the contract and each other; return what became of the file."""
    found, pixels = read(name, content)
    is_repeated = len(content) % 3 == 0  # a third, for time
    again, pixels_again = read(name, content) if is_repeated else (found, pixels)
    assert found == again, name
    if isinstance(found, str):
        assert found, name
        # What an index lists gives no pixels either: nothing is put in its place.
        assert isinstance(pixels, str), name
        return "listed"
    assert found.image_id == image_id_of(content)
    assert 0 < found.width * found.height <= MOST_PIXELS, name
    assert found.subsampling in SUBSAMPLINGS, name
    assert found.subsampling or not found.jpeg_tables, name
    assert 0 <= found.metadata_bytes <= len(content), name
    if found.jpeg_tables:
        assert all(len(values) == 64 for values in table_values(found.jpeg_tables)), name
        assert quality_of(found.jpeg_tables) in {None, *range(1, 101)}, name
    if isinstance(pixels, str):
        assert pixels == pixels_again, name
        return "refused when decoded"
    # Without its tables, which damage may have taken, no JPEG decodes.
    assert (found.subsampling == "") == (found.jpeg_tables == ""), name
    assert pixels.dtype == np.uint8, name
    assert pixels.shape == (found.height, found.width, 3), name
    assert not isinstance(pixels_again, str), name
    assert same_pixels(pixels, pixels_again), name
    return "image"


def check_all(count: int) -> Counter[str]:
    """What became of so many files; a warning about one of them fails."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        became = Counter(check(name, content) for name, content in broken_files(count))
    assert not [str(each.message) for each in warned]
    assert became.total() == count
    # Enough of each kind, so that every branch of the check was asked.
    assert min(became["listed"], became["image"], became["refused when decoded"]) > count // 20
    return became


def test_whole_files_are_images() -> None:
    for name, content in whole_files().items():
        assert check(name, content) == "image", name


def test_each_damaged_file_is_an_image_or_a_listed_problem() -> None:
    check_all(2000)


@pytest.mark.slow
def test_each_of_many_more_damaged_files_is_an_image_or_a_listed_problem() -> None:
    check_all(10_000)


def test_an_index_accounts_for_every_damaged_file(tmp_path: Path) -> None:
    files = dict(broken_files(300))
    for number, (name, content) in enumerate(files.items()):
        place = tmp_path / "root" / "adm" / "train" / ("ai", "nature")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        manifest = index_root(tmp_path / "root", None, tmp_path / "cache")
    assert not warned
    rows = manifest.table.to_pylist()
    problems = {problem.path.rpartition("/")[2]: problem.reason for problem in manifest.problems}
    used = {row["path"].rpartition("/")[2] for row in rows}
    assert len(rows) + len(problems) + sum(manifest.skipped.values()) == len(files)
    assert used | problems.keys() == files.keys()
    assert not used & problems.keys()
    for row in rows:
        name = row["path"].rpartition("/")[2]
        found = facts_of(files[name], name)
        assert [row[key] for key in FileFacts._fields] == list(found)
    assert all(reason == read(name, files[name])[0] for name, reason in problems.items())
    for row in rows[::7]:
        name = row["path"].rpartition("/")[2]
        expected = read(name, files[name])[1]
        if isinstance(expected, str):
            with pytest.raises(UnreadableImage) as caught:
                decode(tmp_path / "root" / row["path"], row["image_id"])
            assert caught.value.reason == expected
        else:
            pixels = decode(tmp_path / "root" / row["path"], row["image_id"])
            assert same_pixels(pixels, expected)


def test_filters_that_make_errors_of_warnings_decide_nothing() -> None:
    whole = whole_files()["jpeg of a camera"]
    at = whole.index(b"Exif\0\0") + 14
    broken = whole[:at] + b"\xff\xff" + whole[at + 2 :]  # more entries than there are
    for action in ("error", "ignore", "default"):
        with warnings.catch_warnings():
            warnings.simplefilter(action)  # type: ignore[arg-type]
            assert check("camera", broken) == "image"
