"""Merging stores: by identity, proved, never half; killed and begun again it ends the same."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from repository import ROOT
from synthetic_store import ATTEMPT, SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.sql.query import query
from grid.integrity.store_check import check_store
from grid.records.commits import read_commit
from grid.records.experiments import pieces_of
from grid.records.identity import digest_bytes
from grid.records.latest import latest_digest, mark_latest
from grid.records.places import commit_key, scores_of, weights_key
from grid.records.proven.json_records import to_json
from grid.records.scores.score_files import write_scores
from grid.records.stored_experiments import read_experiments
from grid.store.opening import open_store
from grid.upkeep.merging import merge

NPR = SyntheticDetector(name="npr")
ONE = SyntheticGrid(
    name="one", detectors=(NPR,), generators=2, seeds=1, images=10, degradations=("none",)
)
OTHER = replace(ONE, name="other", seeds=2)  # its fits of seed 0 are those of ONE


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Two stores that share two fits, and all that the second has in a third one alone."""
    folder = tmp_path_factory.mktemp("merge")
    made = [open_store(folder / name) for name in ("first", "second")]
    records = [write_synthetic_store(*each) for each in zip(made, (ONE, OTHER), strict=True)]
    for store, record in zip(made, records, strict=True):
        mark_latest(store, record["name"], record["digest"])
    return made


@pytest.fixture
def into(stores, tmp_path):
    store = open_store(tmp_path / "into")
    copied(stores[0], store)
    return store


def copied(source, store):
    for key in source.list():
        store.put_new(key, source.get(key))


def content(store):
    return {key: store.get(key) for key in store.list() if not key.startswith("derived/")}


def test_what_is_missing_is_copied_and_nothing_is_replaced(stores, into):
    before = content(into)
    done = merge(into, stores[1])
    assert done.is_whole
    assert (done.taken["fits"], done.there["fits"]) == (2, 2)
    assert (done.taken["pieces"], done.there["pieces"]) == (8, 8)
    after = content(into)
    assert before.items() <= after.items()
    assert content(stores[1]).items() <= after.items()
    found = check_store(into, deep=True)
    assert not found.damage
    sql = "SELECT fit_id, test_set, auc FROM cells ORDER BY ALL"
    of_other = query(stores[1], sql, experiment="other")
    assert query(into, sql, experiment="other").equals(of_other)


def test_merged_again_there_is_nothing_to_take(stores, into):
    merge(into, stores[1])
    again = merge(into, stores[1])
    assert again.is_whole
    assert not again.taken


def test_into_an_empty_store_everything_goes(stores, tmp_path):
    empty = open_store(tmp_path / "empty")
    assert merge(empty, stores[1]).is_whole
    assert content(empty) == content(stores[1])


def other_weights(store, fit_id):
    """Commit a fit anew with other weights."""
    commit = read_commit(store, fit_id)
    key = weights_key(fit_id, ATTEMPT, commit["selected_epoch"])
    data = store.get(key) + b" "
    store.delete(key)
    store.put_new(key, data)
    stored = {"sha256": digest_bytes(data), "bytes": len(data)}
    commit["weights"][str(commit["selected_epoch"])] = stored
    store.delete(commit_key(fit_id))
    store.put_new(commit_key(fit_id), to_json(commit))


def test_scores_of_other_weights_are_not_taken(stores, into, tmp_path):
    """The source's fit was committed with other weights; its scores are those of its own."""
    fit_id = query(stores[0], "SELECT fit_id FROM fits ORDER BY ALL")["fit_id"][0].as_py()
    other_weights(into, fit_id)
    for key in into.list(scores_of(fit_id)):
        into.delete(key)
    done = merge(into, stores[1])
    assert not done.is_whole
    said = " ".join(done.differs)
    assert f"{fit_id}: both stores trained it and their weights differ" in said
    assert f"{fit_id}: 4 score files of other weights" in said
    assert into.list(scores_of(fit_id)) == []


@pytest.mark.parametrize("folder", ["manifests/", "fits/", "scores/", "experiments/", "commits/"])
def test_a_damaged_file_is_named_and_not_taken(stores, tmp_path, folder):
    source = open_store(tmp_path / "source")
    copied(stores[1], source)
    key = next(k for k in source.list(folder) if "history" in k or folder != "fits/")
    data = bytearray(source.get(key))
    data[len(data) // 2] ^= 1
    source.put_checkpoint(key, bytes(data))
    empty = open_store(tmp_path / "empty")
    done = merge(empty, source)
    assert key in done.damaged
    assert not empty.exists(key)
    if folder == "fits/":  # its commit is last, so half a fit is none
        assert not empty.exists(commit_key(key.split("/")[1]))
    # What is there is sound; what it belongs to may be missing.
    assert all(each.why == "it is gone" for each in check_store(empty, deep=True).damage)


def test_logits_that_differ_are_named(stores, into):
    fit_id = query(into, "SELECT fit_id FROM fits ORDER BY ALL")["fit_id"][0].as_py()
    commit = read_commit(into, fit_id)
    [record] = read_experiments(into, "one")
    piece = next(pieces_of(record, {fit_id: commit}))
    into.delete(piece.key)
    write_scores(
        into,
        piece,
        image=range(10),
        logit=[0.5] * 10,
        seen=[False] * 10,
        weights_sha256=commit["weights"][str(piece.epoch)]["sha256"],
        attempt=ATTEMPT,
        seconds=1,
    )
    kept = into.get(piece.key)
    done = merge(into, stores[1])
    assert done.differs == [f"{piece.key}: both stores have it, with other logits"]
    assert into.get(piece.key) == kept


def test_the_latest_expansion_of_the_target_stays(stores, into, tmp_path):
    source = open_store(tmp_path / "source")
    grown = write_synthetic_store(source, replace(ONE, seeds=2))
    mark_latest(source, "one", grown["digest"])
    [own] = {k.split("/")[2].removesuffix(".json") for k in into.list("experiments/one/")}
    done = merge(into, source)
    assert latest_digest(into, "one", {own, grown["digest"]}) == own
    assert any(f"latest expansion stays {own}" in each for each in done.differs)
    fresh = open_store(tmp_path / "fresh")
    merge(fresh, source)
    assert latest_digest(fresh, "one", {own, grown["digest"]}) == grown["digest"]


@pytest.mark.parametrize(
    ("how", "where"),
    [
        ("link", "commits/"),
        ("half", "scores/"),
        pytest.param("half", "fits/", marks=pytest.mark.slow),
        pytest.param("linked", "commits/", marks=pytest.mark.slow),
    ],
)
def test_a_merge_that_is_killed_goes_on(stores, into, how, where):
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "tests" / "support" / "dying_crossgen.py"),
            *(how, where, "1", "--", "merge", into.url, stores[1].url),
        ],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not check_store(into, deep=True).damage
    assert merge(into, stores[1]).is_whole
    assert content(stores[1]).items() <= content(into).items()


def test_the_command_says_what_was_taken(stores, into, crossgen, tmp_path):
    code, out, _ = crossgen("merge", into.url, stores[1].url)
    assert code == 0
    assert "taken: fits 2, pieces 8, experiments 1" in out
    assert "there already: manifests 4, fits 2, pieces 8" in out
    code, _, err = crossgen("merge", into.url, into.url)
    assert (code, "it is the store itself" in err) == (2, True)
    code, _, err = crossgen("merge", into.url, tmp_path / "nothing")
    assert (code, "there is nothing in it" in err) == (2, True)
