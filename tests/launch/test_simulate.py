"""`crossgen simulate`: what it says, its exit codes, and an experiment that trains on what it made.

The experiment tests on the generators of the collection that the photographs are from.
"""

import csv
import errno
import os
from pathlib import Path

import pytest

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.run.here import run_here
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial


def test_it_says_what_was_made_and_what_is_next(crossgen, own_run):
    images, out = own_run.folder / "images", own_run.folder / "simulated"
    asked = ("simulate", images, out, "--upsampler", "nearest", "--upsampler", "latent4")
    code, said, err = crossgen(*asked)
    assert code == 0, err
    assert f"44 photographs (32 train, 12 test) with 2 fakes each in {out}" in said
    assert "88 fakes written, 0 there before" in said
    assert "no evidence about real generators" in said
    assert f"crossgen index {out}" in said
    code, said, _ = crossgen(*asked)
    assert "0 fakes written, 88 there before" in said
    code, said, _ = crossgen("index", out)
    assert (code, "upsampled_nearest" in said) == (0, True)


def test_photographs_of_a_plain_folder_are_for_what_one_says(crossgen, own_run):
    photographs, out = own_run.folder / "images/g1/val/nature", own_run.folder / "simulated"
    asked = ("simulate", photographs, out, "--upsampler", "nearest")
    code, _, err = crossgen(*asked)
    assert (code, "has no layout" in err) == (2, True)
    assert "--layout photographs" in err
    code, said, err = crossgen(*asked, "--layout", "photographs")
    assert code == 0, err
    assert "(6 test)" in said
    assert "give --as train, in a new folder" in said
    other = own_run.folder / "trained"
    asked = ("simulate", photographs, other, "--upsampler", "nearest", "--layout", "photographs")
    code, said, err = crossgen(*asked, "--as", "train")
    assert "(6 train)" in said
    assert "--as train" not in said


def test_what_is_left_out_is_named_and_counts(crossgen, own_run):
    images, out = own_run.folder / "images", own_run.folder / "simulated"
    (images / "g1/val/nature/web.png").write_bytes(b"no image")
    content = bytearray((images / "g1/val/nature/1.png").read_bytes())
    content[60:80] = bytes(20)
    (images / "g1/val/nature/1.png").write_bytes(content)
    code, said, _ = crossgen("simulate", images, out, "--upsampler", "nearest")
    assert code == 1
    assert "43 photographs (32 train, 11 test)" in said
    assert "1 file of the source cannot be used" in said
    assert "1 photograph left out, with the reason in crossgen-derived.parquet" in said
    assert "g1/val/nature/1.png: broken or truncated" in said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--upsampler", "neares"), "Did you mean nearest?"),
        (("--split", "validation"), "no real image that can be used in validation"),
    ],
)
def test_what_cannot_be_made_is_refused(crossgen, own_run, more, says):
    out = own_run.folder / "simulated"
    code, _, err = crossgen("simulate", own_run.folder / "images", out, *more)
    assert code == 2
    assert says in err
    assert not out.exists()


def test_a_full_disk_is_said_in_words(crossgen, own_run, monkeypatch):
    out, write_bytes = own_run.folder / "simulated", Path.write_bytes

    def full(path, content):
        if out in path.parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, err = crossgen("simulate", own_run.folder / "images", out)
    assert code == 1
    assert "No space left on device" in err
    assert "run the same command to go on" in err


@pytest.fixture
def trained_on_traces(crossgen, own_run):
    """An experiment that trained on simulated fakes, run; the expansion, the store and the file."""
    images, out = own_run.folder / "images", own_run.folder / "simulated"
    code, _, err = crossgen("simulate", images, out, "--upsampler", "nearest")
    assert code == 0, err
    raw = {
        "schema": 1,
        "name": "traces",
        "data": {"sim": {"root": str(out)}, "real": {"root": str(images)}},
        "test": {"sets": ["real", "sim"]},
        "seeds": [0],
        "arms": [
            {
                "name": "traces",
                "detector": "simple_cnn",
                "simple_cnn.size": "tiny",
                "train": [{"sets": ["sim"]}, {"sets": ["real"]}],
                "input": {"train": "none", "test": "none"},
                "recipe": {"base": "small", "epochs": 1},
            }
        ],
    }
    store = open_store(own_run.folder / "traces")
    expansion = prepare(parse_experiment(raw, base=own_run.folder))
    trials = make_trials(make_plan(expansion, store), store)
    result = run_here(trials, attempt=attempt_trial, is_done=lambda t: is_done(store, t))
    assert len(result.done) == 2, result
    return raw, store, own_run.folder


def test_a_detector_trained_on_traces_is_tested_on_generators(crossgen, trained_on_traces):
    _, store, _ = trained_on_traces
    sql = "SELECT train, test_set, simulated, n_real, n_fake FROM cells ORDER BY train, test_set"
    code, said, err = crossgen("query", sql, "--store", store.url, "--csv")
    assert code == 0, err
    rows = list(csv.reader(said.splitlines()))[1:]
    assert [row[2] for row in rows if row[1].startswith("sim")] == ["true"] * 2
    assert [row[2] for row in rows if row[1].startswith("real")] == ["false"] * 4
    sql = "SELECT train, simulated FROM fits ORDER BY train"
    code, said, _ = crossgen("query", sql, "--store", store.url, "--csv")
    assert list(csv.reader(said.splitlines()))[1:] == [["real", "false"], ["sim", "true"]]


def test_plan_and_matrix_say_which_tests_are_no_evidence(crossgen, trained_on_traces):
    import yaml

    raw, store, folder = trained_on_traces
    file = folder / "traces.yaml"
    file.write_text(yaml.safe_dump(raw))
    _, said, _ = crossgen("plan", file, "--store", store.url)
    assert "nothing to do" in said
    assert "simulated images in 1 of 3 test sets: no evidence about real generators" in said
    assert "1 of 2 fits learn from simulated images" in said
    _, said, err = crossgen("matrix", file, "--store", store.url)
    assert "Simulated images, no evidence about real generators: 1 of 3 test sets." in said, err
    assert "sim/upsampled_nearest" in said
    assert "1 of 2 fits learned from simulated images" in said
    code, said, err = crossgen(
        "plan", file, "--store", store.url, "--set", 'test={"sets": ["real"]}'
    )
    assert code == 0, err
    assert "simulated images in" not in said
    assert "1 of 2 fits learn from simulated images" in said
