"""What a person's Python is answered: the same as the commands', in frames."""

import math
import re
import shutil

import pytest
import yaml
from repository import ROOT

from grid.records.failures import failure_of, write_failure
from grid.records.runs import read_runs
from grid.refusal import Refused
from launch import open_experiment


def test_the_readmes_example_runs(own_run, cache, monkeypatch):
    page = (ROOT / "launch" / "README.md").read_text()
    [example] = re.findall(r"```python\n(from launch import .*?)```", page, re.DOTALL)
    monkeypatch.chdir(own_run.folder)
    own_run.file.rename("experiment.yaml")
    names: dict = {}
    exec(compile(example, "example", "exec"), names)
    assert len(names["e"].cells()) == 4
    assert (own_run.folder / "runs" / "commits").is_dir()


def test_frames_hold_what_the_commands_print(own_run, cache):
    opened = open_experiment(own_run.file, own_run.store)
    status = opened.status()
    assert list(status["is_trained"]) == [True, True]
    assert list(status["missing"]) == [0, 0]
    cells = opened.cells()
    matrix = opened.matrix("auc")
    assert matrix.shape == (2, 2)
    assert matrix.index.names == ["detector", "trained on"]
    [title] = set(matrix.index.get_level_values("detector"))
    for _, cell in cells.iterrows():
        row = cell["train"].removeprefix("g/")
        assert matrix.loc[(title, row), cell["generator"]] == cell["auc"]
    [best] = opened.query("SELECT max(auc) AS best FROM cells")["best"]
    assert best == cells["auc"].max()


def test_what_is_done_is_not_run_again_and_what_is_missing_is_no_number(own_run, cache):
    opened = open_experiment(own_run.file, own_run.store)
    assert opened.run(ray=False).done == ()
    lost = opened.status()["fit_id"][0]
    (own_run.store / "commits" / f"{lost}.json").unlink()
    shutil.rmtree(own_run.store / "scores" / lost)
    assert list(opened.status()["missing"] > 0) == [True, False]
    matrix = opened.matrix("auc")
    assert [all(math.isnan(value) for value in row) for row in matrix.to_numpy()] == [True, False]
    assert opened.run(ray=False).done == (lost,)
    [record] = read_runs(opened.store)  # a run with nothing to do is none
    assert (record["done"], record["exit_code"]) == (1, 0)
    assert not opened.matrix("auc").isna().any().any()


def test_experiments_are_built_of_plain_values_and_as_objects(own_run, cache, monkeypatch):
    monkeypatch.chdir(own_run.folder)
    raw = yaml.safe_load(own_run.file.read_text())
    of_file = open_experiment(own_run.file, own_run.store)
    of_mapping = open_experiment(raw, own_run.store)
    of_object = open_experiment(of_mapping.experiment, own_run.store)
    assert of_file.experiment == of_mapping.experiment == of_object.experiment
    narrowed = of_object.plan([("train", "g/g1")])
    assert [fit.done for fit in narrowed.fits] == [True]


def test_a_mistake_is_named_as_the_command_names_it(own_run, cache):
    raw = yaml.safe_load(own_run.file.read_text())
    raw["arms"][0]["detector"] = "simple_cn"
    with pytest.raises(Refused, match="Did you mean simple_cnn"):
        open_experiment(raw | {"data": {"g": {"root": str(own_run.folder / "images")}}}).plan()


def test_the_last_failure_is_the_latest_whatever_its_attempt_is_called(own_run, cache):
    opened = open_experiment(own_run.file, own_run.store)
    fit_id = opened.status()["fit_id"][0]
    (own_run.store / "commits" / f"{fit_id}.json").unlink()
    for attempt, when in (("b", "03"), ("a", "09"), ("c", "05")):
        failure = failure_of(ValueError(f"at {when}"), fit_id=fit_id, attempt=attempt)
        failure["when"] = f"2026-01-01T00:00:{when}+00:00"
        write_failure(opened.store, failure)
    last = opened.status()["last_failure"]
    assert (last[0], last[1:].isna().all()) == ("at 09", True)


def test_what_is_damaged_is_never_left_out_without_a_word(own_run, cache, caplog):
    opened = open_experiment(own_run.file, own_run.store)
    shutil.rmtree(own_run.store / "derived", ignore_errors=True)  # cells that are known already
    victim = sorted((own_run.store / "scores").glob("*/*.parquet"))[0]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    key = victim.relative_to(own_run.store).as_posix()
    for ask in (opened.cells, opened.matrix):
        caplog.clear()
        ask()
        assert f"left out, because it is damaged: {key}" in caplog.text
    victim.write_bytes(b"")
    caplog.clear()
    opened.run(ray=False)
    assert f"not run before a repair, because it is damaged: {key}" in caplog.text


def test_a_matrix_comes_with_its_warnings(own_run, cache, caplog):
    open_experiment(own_run.file, own_run.store).matrix()
    assert "accuracy below .8 on the trained generator" in caplog.text
