"""`crossgen stage`, and a run that reads the copies and never the shared folder."""

import os
import shutil

import pytest

from grid.experiment_file.loading import load_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.run.here import run_here
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial


@pytest.fixture
def local(tmp_path, monkeypatch):
    """Nothing is kept decoded, so each image is read from a file each time."""
    monkeypatch.setenv("CROSSGEN_DECODED", "0")
    return tmp_path / "local"


def images_below(folder):
    return sorted(p for p in folder.rglob("*.png") if p.is_file())


def test_what_a_run_reads_is_copied_once(crossgen, own_run, local, tmp_path):
    """Nothing of what is committed; the copies lie under their whole paths."""
    arguments = ("stage", own_run.file, "--to", local, "--store", tmp_path / "empty")
    code, out, _ = crossgen(*arguments)
    assert code == 0
    originals = images_below(own_run.folder / "images")
    assert [local / str(path)[1:] for path in originals] == images_below(local)
    assert f"{len(originals)} files copied" in out
    assert f"CROSSGEN_STAGED={local}" in out.replace("\n", "")
    assert not (tmp_path / "empty").exists(), "nothing is written to the store"
    code, out, _ = crossgen(*arguments)
    assert f"0 files copied (0 B); {len(originals)} there before" in out
    code, out, _ = crossgen("stage", own_run.file, "--to", local, "--store", own_run.store)
    assert (code, "nothing is missing" in out) == (0, True)


def test_a_run_reads_the_copies_and_never_the_shared_folder(
    crossgen, own_run, local, tmp_path, monkeypatch
):
    """Ids and logits are those of a run that read the shared folder."""
    store = open_store(tmp_path / "again")
    crossgen("stage", own_run.file, "--to", local, "--store", store.url)
    expansion = prepare(load_experiment(own_run.file), cache_dir=own_run.folder / "cache")
    trials = make_trials(make_plan(expansion, store), store)
    (own_run.folder / "images").rename(own_run.folder / "away")
    monkeypatch.setenv("CROSSGEN_STAGED", str(local))
    result = run_here(trials, attempt=attempt_trial, is_done=lambda t: is_done(store, t))
    assert len(result.done) == 2, result
    assert same_scores(store, open_store(own_run.store))


def same_scores(one, other):
    keys = one.list("scores/")
    assert keys == other.list("scores/") != []
    import io

    import pyarrow.parquet as pq

    def logits(store, key):
        return pq.read_table(io.BytesIO(store.get(key)))["logit"].to_pylist()

    return all(logits(one, key) == logits(other, key) for key in keys)


def test_a_wrong_copy_is_said_by_the_run_and_changes_nothing(
    crossgen, own_run, local, tmp_path, monkeypatch
):
    store = tmp_path / "again"
    crossgen("stage", own_run.file, "--to", local, "--store", store)
    for copy in images_below(local)[:3]:
        copy.write_bytes(bytes(copy.stat().st_size))
    monkeypatch.setenv("CROSSGEN_STAGED", str(local))
    monkeypatch.setattr("data.staged_images.WRONG_COPIES._is_told", False)
    code, _, err = crossgen("run", own_run.file, "--no-ray", "--store", store)
    assert code == 0, err
    assert "staged copies were passed over" in err
    assert same_scores(open_store(store), open_store(own_run.store))


def test_files_that_are_gone_and_folders_that_cannot_be_are_said(
    crossgen, own_run, local, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("")
    arguments = ("stage", own_run.file, "--store", tmp_path / "empty", "--to")
    code, out, _ = crossgen(*arguments, tmp_path / "file" / "x")
    assert (code, "cannot be written" in out) == (1, True)
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    code, _, err = crossgen(*arguments, local)
    assert (code, "more, and 1 B are free there" in " ".join(err.split())) == (2, True)
    monkeypatch.undo()
    monkeypatch.setenv("CROSSGEN_STAGED", "relative")
    code, _, err = crossgen("run", own_run.file, "--store", tmp_path / "empty")
    assert (code, "it is relative" in err) == (2, True)
    monkeypatch.delenv("CROSSGEN_STAGED")
    monkeypatch.setattr("launch.stage_command.wanted_files", lambda _: [os.fspath(tmp_path / "x")])
    code, out, _ = crossgen(*arguments, local)
    assert code == 1
    assert "1 file cannot be copied" in out
    assert "No such file" in out
