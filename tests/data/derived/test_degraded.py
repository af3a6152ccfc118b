"""A derived dataset: its pixels, its places, what it says of itself, and what it never does."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow.parquet as pq
import pytest
from interruptions import interrupted_after
from parquet_of_images import write_images

from data.decode import decode
from data.derived import degraded
from data.derived.degraded import DegradedDataset, derived_path, write_degraded
from data.derived.derived_folder import STATEMENT, TABLE
from data.index import index_root
from data.manifest import Manifest
from data.randomness import stream
from data.refusals import Refused
from data.simulated import SIMULATED_MARKER, marker_text
from data.view import view_of

TEXT = "resize(factor=0.5) | noise(4) | jpeg(80)"
VIEW = view_of(degradation=TEXT)
NAMES = ("n01440764_7.JPEG", "0_adm_12.PNG", "plain.webp", "no_extension")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "images"
    for split in ("train", "val"):
        for label in ("ai", "nature"):
            place = root / "adm" / split / label
            place.mkdir(parents=True)
            for name in NAMES:
                pixels = stream(split, label, name).integers(0, 256, (20, 30, 3), np.uint8)
                suffix = Path(name).suffix.lower()
                kind = {".jpeg": "JPEG", ".webp": "WEBP"}.get(suffix, "PNG")
                PIL.Image.fromarray(pixels).save(place / name, kind)
    return root


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[[Path], Manifest]:
    return lambda root: index_root(root, None, tmp_path / "cache", rehash=True)


def write(source: Path, manifest: Callable[[Path], Manifest], out: Path) -> DegradedDataset:
    return write_degraded(manifest(source), out, VIEW, threads=2)


def bytes_below(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_each_image_is_that_of_a_test_and_in_its_place(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    out = tmp_path / "derived"
    done = write(source, manifest, out)
    assert (done.written, done.there, done.problems, done.strangers) == (16, 0, [], [])
    before, after = manifest(source).table.to_pylist(), manifest(out).table.to_pylist()
    kept = ("label", "generator", "split", "class", "pair", "real_set")
    by_path = {row["path"]: row for row in after}
    assert len(by_path) == len(before) == 16
    for row in before:
        made = by_path[derived_path(row["path"])]
        assert [made[key] for key in kept] == [row[key] for key in kept]
        assert made["format"] == "PNG"
        expected = VIEW(decode(source / row["path"]), row["image_id"], row["label"])
        assert np.array_equal(decode(out / made["path"]), expected)
    assert by_path["adm/train/nature/n01440764_7.JPEG.png"]["class"] == "n01440764"


def test_the_table_and_the_statement_say_what_was_made_of_what(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    (source / "adm/val/ai/broken.png").write_bytes(b"no image")
    out = tmp_path / "derived"
    done = write(source, manifest, out)
    assert [problem.path for problem in done.problems] == ["adm/val/ai/broken.png"]
    said = json.loads((out / STATEMENT).read_text())
    assert said["degradation"] == VIEW.degradation.canonical
    assert said["versions"] == VIEW.versions
    assert said["crossgen"]
    table = pq.read_table(out / TABLE)
    assert json.loads(table.schema.metadata[b"crossgen derived"]) == said
    rows = {row["source_path"]: row for row in table.to_pylist()}
    ids = {row["path"]: row["image_id"] for row in manifest(out).table.to_pylist()}
    sources = {row["path"]: row["image_id"] for row in manifest(source).table.to_pylist()}
    assert len(rows) == 17
    assert rows.pop("adm/val/ai/broken.png")["problem"].startswith("not an image")
    for path, row in rows.items():
        assert row["image_id"] == ids[row["path"]]
        assert row["source_image_id"] == sources[path]


def test_run_again_it_makes_exactly_what_is_missing(
    source: Path,
    manifest: Callable[[Path], Manifest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, whole = tmp_path / "derived", tmp_path / "whole"
    write(source, manifest, whole)
    with monkeypatch.context() as patch:
        patch.setattr(degraded, "put", interrupted_after(5, degraded.put))
        with pytest.raises(KeyboardInterrupt):
            write(source, manifest, out)
    there = bytes_below(out)
    assert TABLE not in there
    there.pop(STATEMENT)
    assert there
    done = write(source, manifest, out)
    assert (done.written, done.there) == (16 - len(there), len(there))
    result = bytes_below(out)
    for path, content in bytes_below(whole).items():
        assert result[path] == content, path
    assert result.keys() == bytes_below(whole).keys()
    again = write(source, manifest, out)
    assert (again.written, again.there, again.problems) == (0, 16, [])
    assert bytes_below(out) == result


def test_a_file_of_others_is_listed_and_never_overwritten(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    out = tmp_path / "derived"
    write(source, manifest, out)
    taken, mixed = out / "adm/train/ai/plain.webp.png", out / "adm/train/ai/0_adm_12.PNG"
    taken.write_bytes(b"mine")
    mixed.write_bytes((out / "adm/val/ai/0_adm_12.PNG").read_bytes())  # of another source image
    (out / "adm/train/ai/more.png").write_bytes(b"more")
    before = bytes_below(out)
    done = write(source, manifest, out)
    assert (done.written, done.there) == (0, 14)
    assert [problem.path for problem in done.problems] == [
        "adm/train/ai/0_adm_12.PNG",
        "adm/train/ai/plain.webp",
    ]
    assert done.strangers == ["adm/train/ai/more.png"]
    after = bytes_below(out)
    assert {p: c for p, c in after.items() if p != TABLE} == {
        p: c for p, c in before.items() if p != TABLE
    }


def test_an_image_that_does_not_decode_is_listed_and_not_replaced(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    victim = source / "adm/val/ai/0_adm_12.PNG"
    content = bytearray(victim.read_bytes())
    content[60:80] = bytes(20)  # of the compressed pixels; the header and the end are whole
    victim.write_bytes(content)
    found = manifest(source)
    (source / "adm/val/ai/plain.webp").write_bytes(
        (source / "adm/val/ai/no_extension").read_bytes()
    )
    done = write_degraded(found, tmp_path / "derived", VIEW)
    assert done.written == 14
    reasons = {problem.path: problem.reason for problem in done.problems}
    assert "broken or truncated" in reasons["adm/val/ai/0_adm_12.PNG"]
    assert "changed since it was indexed" in reasons["adm/val/ai/plain.webp"]
    assert not (tmp_path / "derived/adm/val/ai/0_adm_12.PNG").exists()


def test_broken_pixels_that_the_index_knows_are_counted_once(source: Path, tmp_path: Path) -> None:
    victim = source / "adm/val/ai/0_adm_12.PNG"
    content = bytearray(victim.read_bytes())
    content[60:80] = bytes(20)
    victim.write_bytes(content)
    (source / "adm/val/ai/empty.png").touch()
    found = index_root(source, None, tmp_path / "cache", decode=True)
    done = write_degraded(found, tmp_path / "derived", VIEW)
    assert done.written == len(found.table) - 1
    assert [problem.path for problem in done.problems] == [
        "adm/val/ai/empty.png",
        "adm/val/ai/0_adm_12.PNG",
    ]


def test_simulated_marks_are_carried_on_where_they_were(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    shutil.copytree(source / "adm", source / "toy")
    (source / "toy" / SIMULATED_MARKER).write_text(marker_text({}))
    out = tmp_path / "derived"
    write(source, manifest, out)
    assert manifest(out).simulated
    assert (out / "toy" / SIMULATED_MARKER).is_file()
    assert not (out / "adm" / SIMULATED_MARKER).exists()
    assert not (out / SIMULATED_MARKER).exists()


def test_folders_that_are_not_ours_are_refused(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.pdf").write_text("mine")
    other = tmp_path / "other"
    write_degraded(manifest(source), other, view_of(degradation="jpeg(50)"))
    for out, says in (
        (taken, "holds 'thesis.pdf' already"),
        (other, r"degradation 'jpeg\(50\)'"),
        (source / "inner", "lie in each other"),
        (tmp_path, "lie in each other"),
    ):
        with pytest.raises(Refused, match=says):
            write(source, manifest, out)
    assert [path.name for path in taken.iterdir()] == ["thesis.pdf"]
    assert not (source / "inner").exists()


def test_a_name_that_would_be_read_otherwise_is_refused(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    """The root is one generator, so its own name is the generator's."""
    out = tmp_path / "degraded"
    with pytest.raises(Refused, match=r"generator 'adm'.*Call it as the source is called"):
        write(source / "adm", manifest, out)
    assert not out.exists()
    assert write(source / "adm", manifest, out / "adm").written == 16


def test_labels_that_folders_do_not_say_are_refused(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    contents = [path.read_bytes() for path in sorted((source / "adm/val/ai").iterdir())]
    root = tmp_path / "rows"
    write_images(
        root / "data/train-00000-of-00001.parquet",
        contents,
        {"label": [0, 1, 0, 1]},
        as_struct=True,
        class_names={"label": ["real", "fake"]},
    )
    with pytest.raises(Refused, match="Derive from a collection whose folders say labels"):
        write_degraded(manifest(root), tmp_path / "derived", VIEW)
    assert not (tmp_path / "derived").exists()


def test_what_acts_on_a_detectors_input_is_refused(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    view = view_of(degradation="input | jpeg(75)")
    with pytest.raises(Refused, match="files have none"):
        write_degraded(manifest(source), tmp_path / "derived", view)


def test_two_images_of_one_place_are_refused(
    source: Path, manifest: Callable[[Path], Manifest], tmp_path: Path
) -> None:
    place = source / "adm/val/ai"
    shutil.copy(place / "no_extension", place / "plain.webp.png")
    with pytest.raises(Refused, match=r"both become adm/val/ai/plain\.webp\.png"):
        write(source, manifest, tmp_path / "derived")
