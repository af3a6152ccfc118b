"""A bundle: one file that answers what its store answered, anywhere; damage is named."""

import hashlib
import shutil
import subprocess
import zipfile
from dataclasses import dataclass

import pytest
from click.testing import CliRunner
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis import load
from analysis.page.findings_json import findings_json
from analysis.page.overview import overview
from analysis.page.report import report_page
from grid.store.archive import SUMS, ArchiveStore
from grid.store.errors import StoreUnwritable, StoreUrlRefused
from grid.store.opening import open_store
from launch import bundle_command
from launch.cli import cli

GRID = SyntheticGrid(
    name="packed",
    detectors=(SyntheticDetector(name="npr"),),
    generators=2,
    seeds=1,
    images=30,
    seen=2,
    unreadable=1,
    degradations=("none",),
)
SQL = (
    "SELECT fit_id, test_set, degradation, auc, n_null FROM cells ORDER BY ALL",
    "SELECT * FROM fits ORDER BY fit_id",
    "SELECT count(*) AS n, sum(logit) AS total FROM scores",
    "SELECT * FROM images ORDER BY pool_id, image",
    "SELECT * FROM history ORDER BY fit_id, epoch",
)


@dataclass(frozen=True)
class Shown:
    """What stands in for an overview."""

    experiment: dict


def said(*words: object) -> str:
    done = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def pages_without_figures():
    """Figures take a second each; whole pages are compared in the slow test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle_command, "report_page", lambda shown: shown.experiment["digest"])
        patch.setattr(bundle_command, "findings_json", lambda shown: "{}")
        patch.setattr(bundle_command, "overview", lambda store, record: Shown(record))
        yield


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A bundle of a synthetic store, what the store answered, and the store gone."""
    folder = tmp_path_factory.mktemp("bundle")
    store = folder / "store"
    write_synthetic_store(open_store(store), GRID)

    answers = {sql: said("query", sql, "--csv", "--store", store) for sql in SQL}
    for name in ("one.zip", "again.zip"):
        said("bundle", "packed", "-o", folder / name, "--store", store)
    said("bundle", "packed", "-o", folder / "heavy.zip", "--with-weights", "--store", store)
    shutil.rmtree(store)
    return folder, answers


def test_it_answers_as_the_store_did(packed, crossgen):
    folder, answers = packed
    for sql, answer in answers.items():
        assert crossgen("query", sql, "--csv", "--store", folder / "one.zip")[1] == answer
    assert crossgen("open", folder / "one.zip", "--query", SQL[0], "--csv")[1] == answers[SQL[0]]


@pytest.mark.slow
def test_its_page_is_the_stores_to_the_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_command, "report_page", report_page)
    monkeypatch.setattr(bundle_command, "findings_json", findings_json)
    monkeypatch.setattr(bundle_command, "overview", overview)
    store, bundle = tmp_path / "store", tmp_path / "one.zip"
    write_synthetic_store(open_store(store), GRID)
    said("report", "--store", store, "-o", tmp_path / "before.html")
    said("bundle", "-o", bundle, "--store", store)
    shutil.rmtree(store)
    said("open", bundle, "--report", "-o", tmp_path / "after.html")
    before = (tmp_path / "before.html").read_bytes()
    assert (tmp_path / "after.html").read_bytes() == before
    with zipfile.ZipFile(bundle) as archive:
        assert archive.read("bundle/report.html") == before
        numbers = archive.read("bundle/report.findings.json")
    assert (tmp_path / "after.findings.json").read_bytes() == numbers


def test_the_same_results_give_the_same_bytes(packed):
    folder, _ = packed
    assert (folder / "one.zip").read_bytes() == (folder / "again.zip").read_bytes()
    assert (folder / "heavy.zip").stat().st_size > (folder / "one.zip").stat().st_size


def test_its_list_of_digests_is_one_that_others_can_read(packed, tmp_path):
    folder, _ = packed
    with zipfile.ZipFile(folder / "one.zip") as archive:
        archive.extractall(tmp_path)
        assert not [name for name in archive.namelist() if name.endswith(".safetensors")]
    done = subprocess.run(["sha256sum", "-c", "--quiet", SUMS], cwd=tmp_path, check=False)
    assert done.returncode == 0
    found = load(tmp_path).cells  # what is unpacked is a store
    assert found.equals(load(folder / "one.zip").cells)


def test_what_it_holds_is_said(packed, crossgen):
    folder, _ = packed
    code, out, _ = crossgen("open", folder / "one.zip")
    assert code == 0
    assert "packed" in out
    assert "2 of 2 fits without weights, of 120 images" in out
    assert f"crossgen matrix --store {folder / 'one.zip'}" in out
    assert "2 of 2 fits with weights" in crossgen("open", folder / "heavy.zip")[1]
    code, out, _ = crossgen("open", folder / "one.zip", "--matrix")
    assert (code, "npr" in out) == (0, True)
    code, _, err = crossgen("open", folder / "one.zip", "--matrix", "--report")
    assert (code, "Give one of them" in err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        ("matrix",),
        ("check", "store"),
        ("export", "-o", "cells.csv"),
        ("query", "FROM failures"),
    ],
)
def test_every_reading_command_takes_it_for_a_store(packed, crossgen, monkeypatch, tmp_path, words):
    monkeypatch.chdir(tmp_path)
    code, _, err = crossgen(*words, "--store", packed[0] / "one.zip")
    assert code == 0, err


def test_nothing_is_written_into_it(packed, crossgen):
    file = packed[0] / "one.zip"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    store = open_store(file)
    for write in (lambda: store.put_new("x", b""), lambda: store.delete("commits/x.json")):
        with pytest.raises(StoreUnwritable, match=r"can only be read.*crossgen merge"):
            write()
    code, _, err = crossgen("compact", "--store", file)
    assert (code, "can only be read" in err) == (3, True)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before


def test_it_is_merged_into_a_store(packed, crossgen, tmp_path):
    code, out, err = crossgen("merge", tmp_path / "store", packed[0] / "heavy.zip")
    assert code == 0, out + err
    ours, theirs = load(tmp_path / "store").cells, load(packed[0] / "one.zip").cells
    assert ours.sort_values(["fit_id", "test_set", "degradation"]).auc.tolist() == (
        theirs.sort_values(["fit_id", "test_set", "degradation"]).auc.tolist()
    )


def test_without_weights_it_is_no_store_to_merge(packed, crossgen, tmp_path):
    code, _, err = crossgen("merge", tmp_path / "store", packed[0] / "one.zip")
    assert (code, "packed without weights" in err) == (2, True)
    assert not (tmp_path / "store").exists()


def flipped(file, to, key):
    """Copy a bundle with one bit of one of its files turned over."""
    data = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        entry = archive.getinfo(key)
        start = entry.header_offset + 30 + len(key.encode()) + entry.file_size // 2
    data[start] ^= 1
    to.write_bytes(data)


def test_damage_is_refused_and_the_file_named(packed, crossgen, tmp_path):
    store = ArchiveStore(packed[0] / "one.zip")
    broken = tmp_path / "broken.zip"
    for folder in ("scores/", "manifests/", "commits/", "experiments/"):
        key = store.list(folder)[0]
        flipped(store.path, broken, key)
        code, out, err = crossgen(
            "query", "SELECT count(logit) FROM scores, images LIMIT 1", "--store", broken
        )
        if folder != "commits/":
            assert code == 3, (key, out)
        assert crossgen("verify", broken)[0] == 1
        assert key in crossgen("verify", broken)[1]
        assert key in err or folder == "commits/"


def test_a_file_that_was_exchanged_is_found_and_one_that_was_added(packed, crossgen, tmp_path):
    """The zip's own checksums are right then; those of SHA256SUMS are not."""
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(packed[0] / "one.zip") as old, zipfile.ZipFile(changed, "w") as new:
        first, second = (n for n in old.namelist() if n.startswith("commits/"))
        for name in old.namelist():
            new.writestr(name, old.read(second if name == first else name))
        new.writestr("scores/added.parquet", b"")
    code, out, _ = crossgen("verify", changed)
    assert (code, "damaged: 2 files" in out) == (1, True)
    assert f"{first}: damaged in the bundle" in out
    assert "scores/added.parquet: SHA256SUMS of the bundle" in out
    assert crossgen("query", "FROM fits", "--store", changed)[0] == 3


def test_a_file_that_is_no_bundle_is_refused(packed, crossgen, tmp_path):
    cut = tmp_path / "cut.zip"
    cut.write_bytes((packed[0] / "one.zip").read_bytes()[:-300])
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a", "b")
    for file in (cut, other, tmp_path / "none.zip"):
        with pytest.raises(StoreUrlRefused, match=file.name):
            open_store(file)
        code, _, err = crossgen("query", "SELECT 1", "--store", file)
        assert (code, file.name in err) == (2, True)
    code, _, err = crossgen("open", __file__)
    assert (code, "it is no bundle" in err) == (2, True)


def test_a_damaged_store_is_not_packed(crossgen, tmp_path):
    store = open_store(tmp_path / "store")
    write_synthetic_store(store, GRID)
    key = store.list("scores/")[3]
    data = bytearray(store.get(key))
    data[20] ^= 1
    store.put_checkpoint(key, bytes(data))
    out = tmp_path / "x.zip"
    code, _, err = crossgen("bundle", "-o", out, "--store", store.url)
    assert code == 3
    assert key in err
    assert list(tmp_path.glob("*zip*")) == []
