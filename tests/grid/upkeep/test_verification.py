"""`verify` reads what is stored: weights that lie damaged are said, whatever a repetition gives."""

import json

import pytest
import yaml
from altered_records import alter_record

from grid.records.commits import committed_fits, committed_pieces_of, read_commit
from grid.records.identity import digest_bytes
from grid.records.places import commit_key, scores_key, weights_key
from grid.records.scores.score_reading import read_score_footer
from grid.store.opening import open_store


@pytest.fixture
def fit(own_run):
    """The first fit's commit, and the files of its kept weights by epoch."""
    store = open_store(own_run.store)
    commit = read_commit(store, min(committed_fits(store)))
    assert commit["kept_epochs"] == [1, 2]
    names = {e: weights_key(commit["fit_id"], commit["attempt"], e) for e in (1, 2)}
    return commit, {epoch: own_run.store / name for epoch, name in names.items()}


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "deleted": (lambda path: path.unlink(), "the weights that were committed are gone"),
    "truncated": (cut, "its bytes are not those that were committed"),
    "one bit": (flip, "its bytes are not those that were committed"),
}


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize(("damage", "words"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_weights_of_any_kept_epoch_are_said(
    crossgen, own_run, fit, damage, words, epoch, monkeypatch
):
    commit, files = fit
    damage(files[epoch])
    monkeypatch.setattr(
        "grid.upkeep.verification.repeat_aside", None
    )  # days of training would tell no more
    code, out, err = crossgen("verify", commit["fit_id"], "--store", own_run.store)
    assert code == 1, err
    assert "the store does not hold what was committed" in out
    [line] = [line for line in out.splitlines() if line.startswith("  epoch")]
    assert line.startswith(f"  epoch {epoch}: fits/")
    assert words in line
    assert "delete commits/" in line
    assert "equal" not in out
    assert "contract" not in out


def test_every_damaged_epoch_is_named(crossgen, own_run, fit):
    commit, files = fit
    files[1].unlink()
    cut(files[2])
    code, out, _ = crossgen("verify", commit["fit_id"], "--store", own_run.store)
    assert code == 1
    assert [w for w in ("epoch 1: ", "epoch 2: ") if w in out] == ["epoch 1: ", "epoch 2: "]


def with_another_sha(own_run, commit, epoch):
    def change(record):
        record["weights"][str(epoch)]["sha256"] = "0" * 64

    alter_record(own_run.store / commit_key(commit["fit_id"]), change)


def test_a_commit_with_another_sha_is_said(crossgen, own_run, fit):
    commit, _ = fit
    with_another_sha(own_run, commit, 2)
    code, out, _ = crossgen("verify", commit["fit_id"], "--store", own_run.store)
    assert code == 1
    assert "the commit names" in out
    assert "000000000000..." in out


def test_a_commit_that_was_damaged_is_said(crossgen, own_run, fit):
    path = own_run.store / commit_key(fit[0]["fit_id"])
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"kept_epochs"', '"kept_epocht"'))
    code, out, _ = crossgen("verify", fit[0]["fit_id"], "--store", own_run.store)
    assert code == 1
    assert "does not hold what was committed" in out


def test_a_commit_that_lost_a_kept_epoch_is_said(crossgen, own_run, fit):
    commit, _ = fit
    path = own_run.store / commit_key(commit["fit_id"])
    path.write_text(json.dumps({**commit, "weights": {"2": commit["weights"]["2"]}}))
    code, out, _ = crossgen("verify", commit["fit_id"], "--store", own_run.store)
    assert (code, "epoch 1: its weights were not kept" in out) == (1, True)


@pytest.mark.parametrize("how", [*DAMAGES, "sha"])
def test_a_piece_is_not_verified_with_damaged_weights(crossgen, own_run, fit, how):
    commit, files = fit
    store = open_store(own_run.store)
    pieces = {
        read_score_footer(store, scores_key(commit["fit_id"], p))["epoch"]: p
        for p in committed_pieces_of(store, commit["fit_id"])
    }
    [(epoch, piece)] = pieces.items()
    command = "verify", commit["fit_id"], "--piece", piece, "--store", own_run.store
    assert crossgen(*command)[0] == 0
    other = ({1, 2} - {epoch}).pop()
    cut(files[other])
    assert crossgen(*command)[0] == 0, "the piece is of the other epoch"
    if how == "sha":
        with_another_sha(own_run, commit, epoch)
    else:
        DAMAGES[how][0](files[epoch])
    code, out, err = crossgen(*command)
    assert code == 1, err
    assert f"epoch {epoch}: " in out
    assert ("it was scored with weights" in out) == (how == "sha")


@pytest.mark.parametrize("damage", [damage for damage, _ in DAMAGES.values()], ids=DAMAGES)
def test_given_weights_are_read_in_the_store_too(crossgen, own_run, fit, damage):
    _, files = fit
    given = own_run.folder / "given.safetensors"
    given.write_bytes(files[2].read_bytes())
    raw = yaml.safe_load(own_run.file.read_text())
    arm = {"name": "g", "train": "none", "weights": str(given)}
    kept = {name: raw["arms"][0][name] for name in ("detector", "simple_cnn.size", "input")}
    raw["arms"] = [arm | kept]
    raw.pop("seeds")
    own_run.file.write_text(yaml.safe_dump(raw))
    assert crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")[0] == 0
    store = open_store(own_run.store)
    [fit_id] = [f for f in committed_fits(store) if "-given-" in f]
    stored = read_commit(store, fit_id)
    damage(own_run.store / weights_key(fit_id, stored["attempt"], 0))
    code, out, err = crossgen("verify", fit_id, "--store", own_run.store)
    assert code == 1, err
    assert "epoch 0: " in out


def test_weights_that_a_repetition_does_not_end_with_are_named(crossgen, own_run, fit):
    """File and commit altered alike: no digest finds it, the repetition does."""
    commit, files = fit
    flip(files[1])
    path = own_run.store / commit_key(commit["fit_id"])
    sha = digest_bytes(files[1].read_bytes())
    weights = {**commit["weights"], "1": {**commit["weights"]["1"], "sha256": sha}}
    path.write_text(json.dumps({**commit, "weights": weights}))
    _, out, _ = crossgen("verify", commit["fit_id"], "--store", own_run.store)
    assert "equal, bit for bit" not in out
    assert "other weights than the stored ones, of epoch 1" in out
