"""gc and compact: what may go, what never goes, and copies that are valid or not there."""

import os
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from synthetic_store import (
    ATTEMPT,
    LAST_EPOCH,
    SELECTED_EPOCH,
    SyntheticDetector,
    SyntheticGrid,
    write_synthetic_store,
)

from grid.records.commits import committed_pieces, read_commits, read_weights
from grid.records.experiments import pieces_of
from grid.records.latest import mark_latest
from grid.records.pieces import Piece
from grid.records.places import commit_key
from grid.records.proven.json_records import to_json
from grid.records.scores.compacted import check_copy, compact, compacted_bytes, compacted_key
from grid.records.scores.score_files import write_scores
from grid.records.scores.score_reading import read_scores
from grid.records.tables import read_provenance
from grid.store.opening import open_store
from grid.upkeep.gc import GRACE_S, collect, garbage

HOURS_AGO = 7200


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


@pytest.fixture
def experiment(store):
    """Two fits, the second not committed."""
    grid = SyntheticGrid(
        detectors=(SyntheticDetector(name="npr"),),
        generators=2,
        seeds=1,
        images=40,
        seen=3,
        committed=0.5,
    )
    return write_synthetic_store(store, grid)


def age(store, key, seconds=HOURS_AGO):
    path = store.root / key
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def put_old(store, key):
    store.put_new(key, b"12345")
    age(store, key)


def test_a_clean_store_has_no_garbage(store, experiment):
    for digest in (experiment["digest"], "0123", experiment["digest"]):
        mark_latest(store, experiment["name"], digest)
    assert len(store.list("latest/")) == 3
    for key in store.list():
        age(store, key)
    assert garbage(store) == []
    assert collect(store) == []


def test_only_what_no_commit_names_goes(store, experiment):
    for key in store.list():
        age(store, key)
    kept = set(store.list())
    done, open_fit = (fit["fit_id"] for fit in experiment["fits"])
    gone = {
        f"fits/{done}/loser0000000/weights-{LAST_EPOCH}.safetensors": "attempt",
        f"fits/{done}/loser0000000/history.parquet": "attempt",
        f"fits/{done}/{ATTEMPT}/checkpoint.safetensors": "checkpoint",
        f"fits/{done}/{ATTEMPT}/weights-3.safetensors": "weights",
        f"claims/{done}/run1.json": "claim",
        f"claims/{open_fit}/run1.json": "claim",
    }
    stays = {
        f"fits/{open_fit}/x/checkpoint.safetensors",
        f"fits/{open_fit}/x/weights-3.safetensors",
        f"fits/{open_fit}/y/checkpoint.safetensors",
        "runs/run1.json",
        f"failures/{done}/loser0000000-1.json",
    }
    for key in (*gone, *stays):
        put_old(store, key)
    temporaries = [
        f"scores/{done}/.tmp-host-1-00000000-e6.parquet",
        f"fits/{open_fit}/x/.tmp-host-1-00000001-checkpoint.safetensors",
        ".tmp-host-1-00000002-clock",
    ]
    for key in temporaries:
        (store.root / key).write_bytes(b"12345")
        age(store, key)
    gone.update(dict.fromkeys(temporaries, "temporary"))

    found = garbage(store)
    assert {each.key: each.kind for each in found} == gone
    assert all(each.bytes == 5 and each.why for each in found)
    assert set(gone) <= {entry.key for entry in store.entries()}, "a dry run removes nothing"
    assert collect(store) == found
    assert set(store.list()) == kept | stays
    assert not any(entry.temporary for entry in store.entries())
    assert garbage(store) == []
    for epoch in (SELECTED_EPOCH, LAST_EPOCH):
        read_weights(store, read_commits(store)[done], epoch)


def test_what_may_still_be_written_is_spared(store, experiment):
    done = experiment["fits"][0]["fit_id"]
    put_old(store, f"fits/{done}/loser/history.parquet")
    store.put_new(f"fits/{done}/loser/checkpoint.safetensors", b"a minute ago")
    store.put_new(f"claims/{done}/run1.json", b"its counter moved a moment ago")
    (store.root / f"scores/{done}/.tmp-host-1-00000000-e6.parquet").write_bytes(b"just now")
    assert garbage(store) == [], "one young file spares its attempt"
    assert len(garbage(store, grace_s=0)) == 4
    age(store, f"fits/{done}/loser/checkpoint.safetensors", GRACE_S + 60)
    assert {each.kind for each in garbage(store)} == {"attempt"}


def test_a_fit_that_is_committed_during_the_listing_is_left(store, experiment, monkeypatch):
    open_fit = experiment["fits"][1]["fit_id"]
    for attempt in ("winner", "loser"):
        put_old(store, f"fits/{open_fit}/{attempt}/weights-8.safetensors")
    entries = store.entries

    def commits_meanwhile(prefix=""):
        found = entries(prefix)
        commit = next(iter(read_commits(store).values()))
        late = {**commit, "fit_id": open_fit, "attempt": "winner"}
        store.put_new(commit_key(open_fit), to_json(late))
        return found

    monkeypatch.setattr(store, "entries", commits_meanwhile)
    assert [each for each in garbage(store) if open_fit in each.key] == []


def test_compact_copies_and_keeps_the_pieces(store, experiment):
    before = {key: store.get(key) for key in store.list()}
    report = compact(store)
    assert (report.fits, report.written, report.removed, report.refused) == (1, 1, 0, ())
    assert report.pieces == len(before.keys() & set(store.list("scores/"))) == 8
    assert report.copy_bytes < report.piece_bytes
    [copy] = store.list("derived/")
    assert {key: store.get(key) for key in store.list() if key != copy} == before
    again = compact(store)
    assert (again.written, again.removed) == (0, 0)
    store.delete(copy)
    assert compact(store).written == 1, "derived files can be deleted at any moment"


def test_a_copy_holds_every_row(store, experiment):
    compact(store)
    [copy] = store.list("derived/")
    rows = pq.ParquetFile(pa.BufferReader(store.get(copy))).read()
    commits = read_commits(store)
    pools = {pool["pool_id"]: pool for pool in experiment["pools"]}
    count = 0
    for piece in pieces_of(experiment, commits):
        mine = rows.filter(pc.equal(rows["piece_id"], piece.piece_id))
        scores = read_scores(store, piece, commits[piece.fit_id])
        assert mine.select(["image", "logit", "seen"]).to_pydict() == scores.to_pydict()
        assert set(mine["label"].to_pylist()) == {pools[piece.pool_id]["label"]}
        assert set(mine["degradation"].to_pylist()) == {piece.degradation}
        count += mine.num_rows
    assert count == rows.num_rows


def test_a_copy_is_outdated_by_a_new_piece(store, experiment):
    compact(store)
    [old] = store.list("derived/")
    commits = read_commits(store)
    [(fit_id, pieces)] = committed_pieces(store).items()
    assert compacted_key(fit_id, pieces, commits[fit_id]) == old
    piece = Piece(
        fit_id=fit_id,
        epoch=SELECTED_EPOCH,
        pool_id=experiment["pools"][0]["pool_id"],
        degradation="blur(1)",
        test_pipeline="none",
        equalise="none",
    )
    weights = commits[fit_id]["weights"][str(SELECTED_EPOCH)]["sha256"]
    write_scores(
        store,
        piece,
        image=np.arange(40),
        logit=np.zeros(40),
        seen=np.zeros(40, bool),
        weights_sha256=weights,
        attempt="x",
        seconds=0,
    )
    report = compact(store)
    assert (report.written, report.removed, report.pieces) == (1, 1, 9)
    [new] = store.list("derived/")
    assert new != old


def test_a_copy_is_of_its_weights_and_under_its_name_or_made_again(store, experiment):
    compact(store)
    [copy] = store.list("derived/")
    [(fit_id, pieces)] = committed_pieces(store).items()
    commit = read_commits(store)[fit_id]
    weights = {epoch: {**kept, "sha256": "0" * 64} for epoch, kept in commit["weights"].items()}
    other = compacted_key(fit_id, pieces, {**commit, "weights": weights})
    assert other != copy
    good = store.get(copy)
    for stored in (compacted_of(store, other, pieces, commit), good[:-9], good):
        store.put_checkpoint(copy, stored)
        assert compact(store).written == (stored != good)
        assert store.get(copy) == good


def compacted_of(store, key, pieces, commit):
    """The same rows as a copy that says another name of itself."""
    data = compacted_bytes(store, key, pieces, commit, Counter())
    check_copy(key, data)
    return data


def test_foreign_scores_are_not_copied_but_named(store, experiment):
    [fit_id] = committed_pieces(store)
    piece = Piece(
        fit_id=fit_id,
        epoch=SELECTED_EPOCH,
        pool_id="p",
        degradation="none",
        test_pipeline="none",
        equalise="none",
    )
    write_scores(
        store,
        piece,
        image=[0],
        logit=[0.0],
        seen=[False],
        weights_sha256="0" * 64,
        attempt="x",
        seconds=0,
    )
    report = compact(store)
    assert report.fits == 0
    assert "000000000000" in report.refused[0]
    assert store.list("derived/") == []


def test_a_synthetic_store_is_repeatable_and_resumes(store, tmp_path):
    grid = SyntheticGrid(generators=3, seeds=2, images=30, shared_reals=True, unreadable=2)
    first = write_synthetic_store(store, grid)
    other = open_store(tmp_path / "other")
    progress = []
    write_synthetic_store(other, grid, progress=lambda *done: progress.append(done))
    assert {k: store.get(k) for k in store.list()} == {k: other.get(k) for k in other.list()}
    assert progress[-1] == (96, 96) == (2 * 3 * 2 * 4 * 2,) * 2
    other.delete(other.list("scores/")[0])
    assert write_synthetic_store(other, grid) == first
    assert store.list() == other.list()
    commits = read_commits(store)
    pieces = list(pieces_of(first, commits))
    for piece in pieces[:4]:
        assert read_scores(store, piece, commits[piece.fit_id])["logit"].null_count == 2
    assert sum(not pool["label"] for pool in first["pools"]) == 1, "the reals are shared"
    assert read_provenance(store, pieces[0].fit_id, ATTEMPT)["simulated"] is True
