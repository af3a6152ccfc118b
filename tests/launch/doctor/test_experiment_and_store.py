"""The doctor's checks of an experiment and a store, and what the command makes of them."""

import os
import shutil
import time

import pytest
import yaml
from plugin_of_tests import MEAN_COLOUR

from detectors.plugins import use_plugins
from grid.store.opening import open_store
from launch.doctor.check_groups import checks_of, outcome
from launch.doctor.put_new_race import race
from launch.doctor.this_machine import ThisMachine

CHECKS = checks_of("on_this_machine")


@pytest.fixture(autouse=True)
def _without_plugins():
    yield
    use_plugins([])


def said(title, **machine):
    found = outcome(CHECKS[title], ThisMachine(**machine))
    return None if found is None else (found.level, f"{found.seen} | {found.mend}")


def changed(run, **values):
    raw = {**yaml.safe_load(run.file.read_text()), **values}
    run.file.write_text(yaml.safe_dump(raw))
    return run.file


def test_of_a_sound_experiment_all_is_well(own_run):
    given = {"file": own_run.file, "store": str(own_run.store)}
    assert said("experiment file", **given) == ("ok", "two, 1 arm | ")
    assert said("data roots", **given)[0] == "ok"
    assert said("plug-ins", **given) is None
    assert said("weights", **given) is None
    assert said("plan", **given) == ("ok", "2 fits, something is missing of 0 | ")
    assert said("store", **given)[1].startswith(f"{own_run.store}, 2 committed fits")


def test_roots_that_are_gone_or_cannot_be_read_are_problems(own_run):
    first = sorted((own_run.folder / "images").rglob("*.png"))[0]
    first.unlink()
    first.symlink_to("/dev/full")
    assert said("data roots", file=own_run.file)[0] == "ok"  # no regular file, so none of the first
    shutil.rmtree(own_run.folder / "images")
    level, text = said("data roots", file=own_run.file)
    assert (level, "data.g: " in text, "No such file" in text) == ("problem", True, True)
    level, text = said("plan", file=own_run.file, store=str(own_run.store))
    assert (level, "there is no such folder" in text) == ("problem", True)


def test_a_plugin_that_does_not_load_is_a_problem(own_run):
    plugin = own_run.folder / "mine.py"
    plugin.write_text(MEAN_COLOUR)
    file = changed(own_run, plugins=["mine.py"])
    assert said("plug-ins", file=file) == ("ok", "mine | ")
    plugin.write_text("import nothing_of_this_name\n" + MEAN_COLOUR)
    level, text = said("plug-ins", file=file)
    assert (level, "raises ModuleNotFoundError" in text) == ("problem", True)


def test_weights_that_are_missing_or_changed_are_problems(own_run, crossgen, tmp_path):
    [weights] = list((own_run.store / "fits").glob("*-s0-*/*/weights-2.safetensors"))[:1]
    folder = tmp_path / "weights"
    arm = yaml.safe_load(own_run.file.read_text())["arms"][0]
    file = changed(own_run, arms=[{**arm, "weights": "begin"}], weights_folder=str(folder))
    level, text = said("weights", file=file)
    assert (level, "begin: " in text, "crossgen weights fetch" in text) == ("problem", True, True)
    os.environ["CROSSGEN_WEIGHTS"] = str(folder)
    try:
        words = ("--detector", "simple_cnn", "--own-keys", "--option", "size=tiny")
        code, _, err = crossgen("weights", "import", weights, "--as", "begin", *words)
    finally:
        del os.environ["CROSSGEN_WEIGHTS"]
    assert code == 0, err
    assert said("weights", file=file)[0] == "ok"
    with (folder / "begin.safetensors").open("ab") as tensors:
        tensors.write(b"x")
    level, text = said("weights", file=file)
    assert (level, "bytes" in text) == ("problem", True), text


def test_two_processes_race_for_a_store_and_nothing_is_left(tmp_path):
    store = open_store(tmp_path / "store")
    level, text = said("store never overwrites", store=str(tmp_path / "store"))
    assert (level, "12 times" in text) == ("ok", True)
    assert store.entries() == []


@pytest.mark.slow
def test_a_server_that_ignores_conditions_is_found_out(s3_server, monkeypatch):
    sound = s3_server.application

    def ignores_conditions(environ, start_response):
        environ.pop("HTTP_IF_NONE_MATCH", None)
        return sound(environ, start_response)

    store = open_store("s3://bucket/race")
    assert race(store) == []
    monkeypatch.setattr(s3_server, "application", ignores_conditions)
    assert "both were told that they did" in race(store)
    level, text = said("store never overwrites", store="s3://bucket/race")
    assert (level, "it overwrote a key" in text) == ("problem", True)


def test_a_store_that_cannot_be_written_is_a_problem(tmp_path):
    (tmp_path / "file").touch()
    level, text = said("store never overwrites", store=str(tmp_path / "file" / "store"))
    assert (level, "cannot be written" in text) == ("problem", True)
    level, text = said("store", store="gs://bucket")
    assert (level, "has not passed the test" in text) == ("problem", True)


def test_what_kills_left_is_told(own_run):
    store = str(own_run.store)
    assert said("left by kills", store=store)[0] == "ok"
    stale = own_run.store / "commits" / ".tmp-host-1-x.json"
    stale.write_bytes(b"x" * 1000)
    long_ago = time.time() - 86400
    os.utime(stale, (long_ago, long_ago))
    level, text = said("left by kills", store=store)
    assert (level, "1 file that no commit names (temporary), 1 kB" in text) == ("warning", True)
    assert f"crossgen gc --store {store}" in text


def test_the_command_tells_all_and_ends_with_1_where_there_is_a_problem(own_run, crossgen):
    given = (own_run.file, "--store", own_run.store)
    code, out, err = crossgen("doctor", *given)
    assert code == 0, out + err
    assert "ok       plan: 2 fits" in out
    assert out.splitlines()[-1].endswith("checks: 0 problems, " + out.rpartition(", ")[2].strip())
    shutil.rmtree(own_run.folder / "images")
    code, out, _ = crossgen("doctor", *given)
    assert code == 1
    assert "problem  data roots: data.g: " in out
    code, _, err = crossgen("doctor", own_run.file, own_run.file)
    assert (code, "One FILE" in err) == (2, True)
