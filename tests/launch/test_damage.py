"""What lies damaged in a store is said by every command, which carries on with the rest."""

import json
import re
from pathlib import Path

import pytest

from grid.records.commits import committed_fits
from grid.records.failures import failure_of, read_failures, write_failure
from grid.store.opening import open_store

READERS = {
    "plan": ("plan", "FILE"),
    "status": ("status", "FILE"),
    "matrix": ("matrix", "FILE"),
    "matrix of the store": ("matrix",),
    "query fits": ("query", "SELECT count(*) FROM fits"),
    "query pieces": ("query", "SELECT count(*) FROM pieces"),
    "query cells": ("query", "SELECT count(*) FROM cells"),
    "query scores": ("query", "SELECT count(logit) FROM scores"),
    "query images": ("query", "SELECT count(path) FROM images"),
    "query history": ("query", "SELECT count(train_loss) FROM history"),
    "query failures": ("query", "SELECT count(*) FROM failures"),
}


def asked(crossgen, own_run, name):
    """Ask one of READERS; nothing ends in a traceback, which `crossgen` would raise."""
    words = [own_run.file if word == "FILE" else word for word in READERS[name]]
    return crossgen(*words, "--store", own_run.store)


def one(own_run, pattern):
    return sorted(own_run.store.glob(pattern))[0]


def contents(store: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in store.rglob("*")
        if path.is_file() and path.relative_to(store).parts[0] in ("commits", "scores", "manifests")
    }


def way_out(own_run) -> str:
    return f"crossgen check store --repair --store {own_run.store}\n"


def test_an_empty_piece_is_not_committed_and_the_rest_goes_on(crossgen, own_run):
    empty, gone = sorted(own_run.store.glob("scores/*/*.parquet"))[:2]
    empty.write_bytes(b"")
    gone.unlink()
    key = str(empty.relative_to(own_run.store))
    for command in ("plan", "status"):
        code, out, _ = crossgen(command, own_run.file, "--store", own_run.store)
        assert code == 0
        assert "nothing to do" not in out
        assert f"{key}: it is empty" in out
        assert way_out(own_run) in out
        assert re.search(r"pieces +8 +6 +1 +1 *\n", out)
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 1
    assert "something is damaged and nothing else is left to run" in err
    assert way_out(own_run) in err
    assert gone.stat().st_size
    assert not empty.stat().st_size, "only --repair moves anything"
    assert not read_failures(open_store(own_run.store)), "and no trial is blamed"
    code, out, _ = crossgen("run", own_run.file, "--store", own_run.store)
    assert code == 1
    assert "nothing else to do" in out
    _, out, err = asked(crossgen, own_run, "query pieces")
    assert key in err


@pytest.mark.parametrize("name", READERS)
def test_a_commit_that_is_no_record_leaves_its_fit_out(crossgen, own_run, name):
    commit = one(own_run, "commits/*.json")
    commit.write_bytes(commit.read_bytes()[:100])
    code, out, err = asked(crossgen, own_run, name)
    assert code == 0, err
    assert "nothing to do" not in out
    if name not in ("query failures", "query images"):  # which need no commit
        assert f"commits/{commit.name}: it is not JSON" in out + err
        assert way_out(own_run) in out + err


def test_a_run_does_not_train_over_a_damaged_commit(crossgen, own_run):
    """It would find out at its end, after hours, that the commit's name is taken."""
    commit, other = sorted(own_run.store.glob("commits/*.json"))
    commit.write_bytes(b"")
    for piece in (own_run.store / "scores" / other.stem).iterdir():
        piece.unlink()
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 1
    assert f"commits/{commit.name}" in err
    assert len(list((own_run.store / "scores" / other.stem).iterdir())) == 4
    assert not commit.stat().st_size


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_weights_that_are_gone_are_never_nothing_to_do(crossgen, own_run, damage):
    commit = json.loads(one(own_run, "commits/*.json").read_text())
    epoch = commit["selected_epoch"]
    weights = one(own_run, f"fits/{commit['fit_id']}/*/weights-{epoch}.safetensors")
    if damage == "gone":
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:-1])
    for command in ("plan", "status", "run"):
        code, out, _ = crossgen(command, own_run.file, "--store", own_run.store)
        assert code == (1 if command == "run" else 0)
        assert "nothing to do" not in out
        said = f"with epoch {epoch} of fit {commit['fit_id']} nothing more can be scored, 4 pieces"
        assert said in out
        assert way_out(own_run) in out
        assert re.search(r"fits +2 +1 +0 +1 *\n", out)


def test_a_fit_does_not_begin_from_weights_that_are_gone(crossgen, own_run):
    text = own_run.file.read_text()
    child = text.split("arms:\n")[1].replace("name: a", "name: b")
    child += "    weights: {from: a, where: {train: g/g1}}\n"
    own_run.file.write_text(text + child)
    _, out, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert "yes" in out, err
    for weights in own_run.store.glob("fits/*/*/weights-*.safetensors"):
        weights.unlink()
    _, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert "nothing else to do" in out
    assert "cannot begin" in out


@pytest.mark.parametrize("name", READERS)
def test_an_experiment_that_is_no_record_does_not_end_the_others(crossgen, own_run, name):
    code, _, err = crossgen(
        "run", own_run.file, "--store", own_run.store, "--no-ray", "--set", "name=other"
    )
    assert code == 0, err
    victim = one(own_run, "experiments/two/*.json")
    victim.write_bytes(victim.read_bytes()[:-40])
    code, out, err = asked(crossgen, own_run, name)
    assert code == 0, err
    assert f"experiments/two/{victim.name}: its bytes are not those that were written" in out + err
    assert way_out(own_run) in out + err
    if name == "query fits":
        assert "2" in out


def test_the_only_experiment_damaged_is_no_empty_answer(crossgen, own_run):
    victim = one(own_run, "experiments/two/*.json")
    victim.write_bytes(b"{")
    code, _, err = crossgen(
        "query", "--experiment", "two", "--store", own_run.store, "SELECT count(*) FROM fits"
    )
    assert code == 2
    assert "it is damaged" in err
    assert "check store --repair" in err


def test_a_deleted_manifest_is_written_again_though_nothing_else_is_missing(crossgen, own_run):
    before = contents(own_run.store)
    victim = one(own_run, "manifests/*.parquet")
    victim.unlink()
    _, out, err = asked(crossgen, own_run, "query images")
    assert "images are left out of 1 pool without a manifest" in err
    assert f"manifests/{victim.name}" in err
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert "1 deleted manifest: the next run writes it again" in out
    assert "nothing to do" not in out
    code, _, _ = crossgen("run", own_run.file, "--store", own_run.store)
    assert code == 0
    assert contents(own_run.store) == before
    _, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert "nothing to do" in out


@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
def test_a_damaged_history_is_left_out_of_query_and_report(crossgen, own_run, tmp_path, damage):
    for victim in own_run.store.glob("fits/*/*/history.parquet"):
        if damage == "gone":
            victim.unlink()
        else:
            victim.write_bytes(victim.read_bytes()[:-9] if damage == "cut" else b"")
        break
    key = victim.relative_to(own_run.store)
    code, out, err = asked(crossgen, own_run, "query history")
    assert code == 0, err
    assert "2" in out  # two epochs of the other fit
    said = {"gone": "it is gone", "empty": "it is empty", "cut": "its bytes are not those"}
    assert f"{key}: {said[damage]}" in err
    assert way_out(own_run) in err
    page = tmp_path / "page.html"
    code, _, err = crossgen("report", own_run.file, "--store", own_run.store, "-o", page)
    assert code == 0, err


@pytest.mark.parametrize("name", READERS)
def test_stray_files_are_no_records(crossgen, own_run, name):
    for stray in (
        "commits/notes.txt",
        "scores/notes.txt",
        "experiments/notes.json",
        "experiments/two/notes.txt",
        "manifests/notes.txt",
        "latest/two/notes.json",
        "fits/notes.txt",
    ):
        (own_run.store / stray).write_text("mine")
    code, out, err = asked(crossgen, own_run, name)
    assert (code, err) == (0, "")
    assert "Traceback" not in out


def test_a_damaged_failure_record_hides_no_other(crossgen, own_run):
    store = open_store(own_run.store)
    [fit_id, other] = sorted(committed_fits(store))
    for fit in (fit_id, other):
        error = ValueError(f"of {fit}")
        write_failure(store, failure_of(error, fit_id=fit, attempt="a"))
    (own_run.store / f"failures/{fit_id}/a-1.json").write_text(json.dumps({"schema": 1}))
    code, out, err = asked(crossgen, own_run, "status")
    assert (code, err) == (0, "")
    assert f"of {other}" in out
    assert f"failures/{fit_id}/a-1.json: it lacks" in out
    _, out, err = asked(crossgen, own_run, "query failures")
    assert "1" in out
    assert f"failures/{fit_id}/a-1.json: it lacks" in err


def test_damage_that_a_plan_cannot_see_fails_its_trial_with_the_way_out(crossgen, own_run):
    commit = json.loads(one(own_run, "commits/*.json").read_text())
    fit_id, epoch = commit["fit_id"], commit["selected_epoch"]
    weights = one(own_run, f"fits/{fit_id}/*/weights-{epoch}.safetensors")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    one(own_run, f"scores/{fit_id}/*.parquet").unlink()
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 1
    assert "WeightsChanged" in err
    assert way_out(own_run).replace("--repair", "--deep --repair") in err
