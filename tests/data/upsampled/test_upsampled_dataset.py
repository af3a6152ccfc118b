"""A collection of photographs and their simulated fakes: what is in it and how it comes about."""

import csv
import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow.parquet as pq
import pytest
from interruptions import interrupted_after
from parquet_of_images import write_images

from data.audit.header_classifier import header_counts, header_results
from data.decode import decode
from data.derived.derived_folder import TABLE, UNFINISHED
from data.index import index_root
from data.manifest import Manifest
from data.pools import pools_of
from data.randomness import stream
from data.refusals import Refused
from data.selection import PoolRows, TrainingRule, select
from data.simulated import SIMULATED_MARKER
from data.upsampled import photograph_files
from data.upsampled.traces import upsampled
from data.upsampled.upsampled_dataset import (
    LIST,
    Simulation,
    UpsampledDataset,
    write_upsampled,
)

ASKED = Simulation(upsamplers=("latent4", "nearest"))
Indexed = Callable[[Path], Manifest]


def save(place: Path, name: str, kind: str, size: tuple[int, int] = (20, 30)) -> None:
    place.mkdir(parents=True, exist_ok=True)
    pixels = stream(str(place.name), place.parent.name, name).integers(0, 256, (*size, 3), np.uint8)
    PIL.Image.fromarray(pixels).save(place / name, kind, quality=70 + len(name))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Twelve photographs in two splits, of several formats and sizes, and as many fakes."""
    root = tmp_path / "images"
    for split in ("train", "val"):
        for label in ("ai", "nature"):
            place = root / "adm" / split / label
            for number in range(3):
                save(place, f"n0144076{number}_7.JPEG", "JPEG", (17 + number, 23))
                save(place, f"{number}.png", "PNG")
    return root


@pytest.fixture
def indexed(tmp_path: Path) -> Indexed:
    return lambda root: index_root(root, None, tmp_path / "cache", rehash=True)


def write(
    source: Path, indexed: Indexed, out: Path, asked: Simulation = ASKED, threads: int = 2
) -> UpsampledDataset:
    return write_upsampled(indexed(source), out, asked, threads=threads)


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix not in (".json", ".parquet")
    }


def test_each_photograph_is_there_with_one_fake_per_upsampler(
    source: Path, indexed: Indexed, tmp_path: Path
) -> None:
    out = tmp_path / "simulated"
    done = write(source, indexed, out)
    assert (done.photographs, done.written, done.there) == ({"train": 6, "test": 6}, 24, 0)
    assert (done.problems, done.copies) == ([], 0)
    found = indexed(out)
    assert (found.layout, found.simulated, found.problems, found.skipped) == ("table", True, [], {})
    photographs = {
        row["image_id"]: row for row in indexed(source).table.to_pylist() if not row["label"]
    }
    by_generator: dict[str, dict[str, dict[str, object]]] = {}
    for row in found.table.to_pylist():
        by_generator.setdefault(row["generator"], {})[row["pair"]] = row
    assert by_generator.keys() == {"", "upsampled_latent4", "upsampled_nearest"}
    for generator, rows in by_generator.items():
        assert rows.keys() == photographs.keys()
        for image_id, row in rows.items():
            real = photographs[image_id]
            for key in ("split", "class", "width", "height", "format", "jpeg_tables"):
                assert row[key] == real[key], key
            assert row["label"] == (generator != "")
            assert row["family"] == ("upsampled" if generator else "")
            if not generator:
                assert (row["image_id"], row["real_set"]) == (image_id, real["real_set"])
            elif real["format"] == "PNG":
                image = decode(source / real["path"])
                expected = upsampled(image, generator.partition("_")[2], image_id, 0)
                assert np.array_equal(decode(out / str(row["path"])), expected)
    for folder in ("", *by_generator):
        assert (out / folder / SIMULATED_MARKER).is_file()
    table = {row["source_path"]: row for row in pq.read_table(out / TABLE).to_pylist()}
    assert {row["path"]: row["image_id"] for row in photographs.values()} == {
        path: row["source_image_id"] for path, row in table.items()
    }


def test_no_header_tells_the_labels(source: Path, indexed: Indexed, tmp_path: Path) -> None:
    write(source, indexed, tmp_path / "out")
    pools = [p for p in pools_of(indexed(tmp_path / "out")) if p.source != "upsampled_latent4"]
    results = header_results([header_counts(pool.table, pool.label) for pool in pools])
    assert {name: result.accuracy for name, result in results.items()} == dict.fromkeys(
        results, 0.5
    )


def test_mates_are_never_parted_by_a_split_or_a_draw(
    source: Path, indexed: Indexed, tmp_path: Path
) -> None:
    write(source, indexed, tmp_path / "out")
    train = [pool for pool in pools_of(indexed(tmp_path / "out")) if pool.split == "train"]
    rows = [
        PoolRows(p.pool_id, p.label, p.ids, p.table["class"], p.table["pair"], p.source)
        for p in train
    ]
    pair_of = {
        image_id: pair
        for p in train
        for image_id, pair in zip(
            p.table["image_id"].to_pylist(), p.table["pair"].to_pylist(), strict=True
        )
    }
    chosen = select(rows, TrainingRule(fraction=0.7, validation_fraction=0.3))
    sides = [{pair_of[i] for i in part.image_ids} for part in (chosen.train, chosen.validation)]
    assert not sides[0] & sides[1]
    for side, part in zip(sides, (chosen.train, chosen.validation), strict=True):
        assert len(part) == 3 * len(side)


def test_the_same_bytes_whatever_the_threads_and_after_an_interruption(
    source: Path, indexed: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    write(source, indexed, whole, threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(photograph_files, "put", interrupted_after(7, photograph_files.put))
        with pytest.raises(KeyboardInterrupt):
            write(source, indexed, out)
    assert not (out / LIST).exists()  # so that half a collection is read as none
    fakes = [path for path in contents(out) if path.startswith("upsampled_")]
    (out / fakes[0]).write_bytes(b"half a fi")  # what a file system may leave after a crash
    (out / fakes[0]).rename(out / f"{fakes[0].rpartition('.')[0][:-3]}abc.png")
    done = write(source, indexed, out)
    assert (done.written, done.there) == (24 - len(fakes) + 1, len(fakes) - 1)
    expected = contents(whole)
    found = contents(out)
    assert {path: found[path] for path in expected} == expected
    again = write(source, indexed, out)
    assert (again.written, again.there, again.problems) == (0, 24, [])
    assert contents(out) == found
    assert not (out / UNFINISHED).exists()


def test_a_full_disk_ends_it_and_what_is_there_serves_the_next(
    source: Path, indexed: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, write_bytes = [], Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) > 5:
            write_bytes(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write_bytes(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            write(source, indexed, tmp_path / "out")
    assert not (tmp_path / "out" / LIST).exists()
    done = write(source, indexed, tmp_path / "out")
    assert done.written + done.there == 24
    assert done.there == 5
    for path, content in contents(tmp_path / "out").items():
        assert content, path


def test_what_has_no_mate_is_left_out_whole_and_listed(
    source: Path, indexed: Indexed, tmp_path: Path
) -> None:
    place = source / "adm" / "train" / "nature"
    save(place, "web.webp", "WEBP")
    PIL.Image.fromarray(np.zeros((8, 8, 3), np.uint8)).quantize(4).save(place / "palette.png")
    shutil.copy(source / "adm/train/ai/0.png", place / "also_fake.png")
    broken = bytearray((place / "1.png").read_bytes())
    broken[60:80] = bytes(20)
    (place / "1.png").write_bytes(broken)
    found = indexed(source)
    (place / "2.png").write_bytes((source / "adm/val/nature/2.png").read_bytes())
    out = tmp_path / "out"
    done = write_upsampled(found, out, ASKED)
    reasons = {problem.path.rpartition("/")[2]: problem.reason for problem in done.problems}
    assert "WEBP is no format" in reasons.pop("web.webp")
    assert "few colours" in reasons.pop("palette.png")
    assert "called fake elsewhere" in reasons.pop("also_fake.png")
    assert "broken or truncated" in reasons.pop("1.png")
    assert "changed since it was indexed" in reasons.pop("2.png")
    assert not reasons
    assert done.photographs == {"train": 4, "test": 6}
    with (out / LIST).open() as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["pair"] for row in rows) == dict.fromkeys({r["pair"] for r in rows}, 3)
    assert len(rows) == 30


def test_a_photograph_that_is_tested_on_is_not_trained_on(
    source: Path, indexed: Indexed, tmp_path: Path
) -> None:
    """Whatever is asked for: equal bytes in two splits count as the test's."""
    train, val = source / "adm/train/nature", source / "adm/val/nature"
    shutil.copy(val / "0.png", train / "copy.png")
    done = write(source, indexed, tmp_path / "out")
    assert (done.copies, done.photographs) == (1, {"train": 6, "test": 6})
    only = Simulation(upsamplers=("nearest",), splits=("train",))
    assert write(source, indexed, tmp_path / "train", only).photographs == {"train": 6}


def test_splits_and_numbers_are_those_asked_for(
    source: Path, indexed: Indexed, tmp_path: Path
) -> None:
    few = Simulation(upsamplers=("nearest",), images=2)
    more = Simulation(upsamplers=("nearest",), images=4)
    assert write(source, indexed, tmp_path / "few", few).photographs == {"train": 2, "test": 2}
    assert write(source, indexed, tmp_path / "more", more).photographs == {"train": 4, "test": 4}
    names = [set(contents(tmp_path / name)) - {LIST} for name in ("few", "more")]
    assert names[0] < names[1]
    moved = Simulation(upsamplers=("nearest",), splits=("test",), as_split="train")
    assert write(source, indexed, tmp_path / "moved", moved).photographs == {"train": 6}
    assert set(indexed(tmp_path / "moved").table["split"].to_pylist()) == {"train"}


def test_another_simulation_needs_another_folder(
    source: Path, indexed: Indexed, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    write(source, indexed, out)
    before = contents(out)
    for other, says in (
        (Simulation(upsamplers=("nearest",)), "upsamplers"),
        (Simulation(upsamplers=ASKED.upsamplers, seed=1), "seed 0, and 1"),
        (Simulation(upsamplers=ASKED.upsamplers, images=3), "images"),
    ):
        with pytest.raises(Refused, match=says):
            write(source, indexed, out, other)
    with pytest.raises(Refused, match="lie in each other"):
        write(source, indexed, source / "inner")
    shutil.copytree(source, tmp_path / "other")
    with pytest.raises(Refused, match="source"):
        write(tmp_path / "other", indexed, out)
    assert contents(out) == before


def test_a_collection_without_photographs_is_refused(
    source: Path, indexed: Indexed, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="no real image that can be used in validation"):
        write(source, indexed, tmp_path / "out", Simulation(splits=("validation",)))
    assert not (tmp_path / "out").exists()


def test_rows_of_parquet_are_photographs_too(indexed: Indexed, tmp_path: Path) -> None:
    save(tmp_path / "loose", "0.png", "PNG")
    save(tmp_path / "loose", "1.jpg", "JPEG")
    files = [(tmp_path / "loose" / name).read_bytes() for name in ("0.png", "1.jpg")]
    write_images(
        tmp_path / "rows/data/train-00000-of-00001.parquet",
        files,
        {"label": [0, 0]},
        as_struct=True,
        class_names={"label": ["real", "fake"]},
    )
    done = write(tmp_path / "rows", indexed, tmp_path / "out")
    assert done.photographs == {"train": 2}
    reals = {c for path, c in contents(tmp_path / "out").items() if path.startswith("real/")}
    assert reals == set(files)


def test_photographs_are_linked_where_that_is_possible_and_copied_where_not(
    source: Path, indexed: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(source, indexed, tmp_path / "linked")

    def no_links(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    with monkeypatch.context() as patch:
        patch.setattr(photograph_files.os, "link", no_links)
        patch.setattr(photograph_files, "put", lambda content, path, _: path.write_bytes(content))
        write(source, indexed, tmp_path / "copied")
    inodes = {path.stat().st_ino for path in source.rglob("*") if path.is_file()}
    for name, expected in (("linked", True), ("copied", False)):
        for path in (tmp_path / name / "real").rglob("*.*"):
            assert (path.stat().st_ino in inodes) == expected
    assert contents(tmp_path / "linked") == contents(tmp_path / "copied")
