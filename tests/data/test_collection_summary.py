"""A collection in figures: counts that add up, copies of the same bytes."""

import shutil

import PIL.Image
import pytest

from data.collection_summary import summary_of
from data.index import index_root


@pytest.fixture
def root(tmp_path, make_genimage):
    return make_genimage(tmp_path / "images", {"g1": 1, "g2": 2}, train=5, test=3)


def summed_up(root, tmp_path):
    return summary_of(index_root(root, None, tmp_path / "cache"))


def test_every_row_is_counted_once_by_source_split_and_label(root, tmp_path):
    summary = summed_up(root, tmp_path)
    counts = {(s.source, s.split, s.label): s.images for s in summary.sources}
    assert counts == {
        (source, split, label): images
        for g in ("g1", "g2")
        for source, label in ((g, 1), (f"{g}/nature", 0))
        for split, images in (("train", 5), ("test", 3))
    }
    assert summary.images == 32
    assert summary.bytes == sum(file.stat().st_size for file in root.rglob("*.png"))
    assert (summary.duplicates, summary.copies, summary.conflicts) == (0, 0, [])


def test_formats_and_sizes_are_counted_the_most_frequent_first(root, tmp_path):
    folder = root / "g1" / "train" / "ai"
    for colour in ("red", "blue"):
        PIL.Image.new("RGB", (40, 20), colour).save(folder / f"{colour}.jpg")
    summary = summed_up(root, tmp_path)
    [fakes] = [s for s in summary.sources if (s.source, s.split, s.label) == ("g1", "train", 1)]
    assert list(fakes.formats.items()) == [("PNG", 5), ("JPEG", 2)]
    assert list(fakes.sizes.items()) == [("16x16", 5), ("40x20", 2)]
    assert fakes.images == sum(fakes.formats.values()) == sum(fakes.sizes.values())


def test_copies_are_told_apart_from_duplicates_and_from_conflicts(root, tmp_path):
    fake = root / "g1" / "train" / "ai" / "000.png"
    shutil.copy(fake, fake.with_name("again.png"))  # in its own pool
    shutil.copy(fake, root / "g1" / "val" / "ai" / "leaked.png")  # in another split
    real = root / "g2" / "train" / "nature" / "000.png"
    shutil.copy(real, root / "g2" / "train" / "ai" / "wrong.png")  # with another label
    summary = summed_up(root, tmp_path)
    assert summary.duplicates == 1
    assert summary.copies == 2
    [conflict] = summary.conflicts
    assert "wrong.png" in conflict


def test_a_collection_of_nothing_is_all_zeros(tmp_path):
    (tmp_path / "images" / "g1" / "train" / "ai").mkdir(parents=True)
    summary = summed_up(tmp_path / "images", tmp_path)
    assert (summary.images, summary.bytes, summary.sources) == (0, 0, [])
