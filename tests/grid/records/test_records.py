"""Records: columns and places, the commit protocol, and readers that refuse what is not ours."""

import json
import logging
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from repository import ROOT

from data.pools import pool_digest
from grid.integrity.check_files import FileCheck
from grid.records import attempts
from grid.records.commits import (
    Commit,
    WeightsChanged,
    commit_fit,
    committed_fits,
    committed_pieces,
    committed_pieces_of,
    read_commit,
    read_commits,
    read_weights,
    write_weights,
)
from grid.records.experiments import (
    ExperimentRecord,
    FitRecord,
    PoolRecord,
    ScoringRecord,
    SetRecord,
    cells_of,
    pieces_of,
)
from grid.records.failures import (
    Failure,
    RecentLog,
    failure_of,
    read_failures,
    recent_log,
    write_failure,
)
from grid.records.pieces import Piece
from grid.records.places import (
    checkpoint_key,
    commit_key,
    experiment_key,
    failure_key,
    manifest_key,
    provenance_key,
    weights_key,
)
from grid.records.pools.file_tables import publish_files, read_files
from grid.records.pools.manifests import ADDED_LATER, manifest_schema, read_pool, write_pool
from grid.records.proven.json_records import CorruptRecord
from grid.records.proven.parquet_files import parquet_bytes
from grid.records.scores.compacted import compacted_schema
from grid.records.scores.score_files import score_schema, write_scores
from grid.records.scores.score_reading import ForeignScores, read_score_footer, read_scores
from grid.records.stored_experiments import experiment_digest, read_experiments, write_experiment
from grid.records.tables import (
    history_schema,
    read_history,
    read_provenance,
    read_validation,
    write_history,
    write_provenance,
    write_validation,
)
from grid.store.errors import StoreMissing
from grid.store.opening import open_store

FIT = "npr-s0-0123456789abcdef"


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def piece(**change):
    facts = {
        "fit_id": FIT,
        "epoch": 8,
        "pool_id": "p1",
        "degradation": "none",
        "test_pipeline": "trim(2)",
        "equalise": "none",
        "operations": {"trim": 1},
    }
    return Piece(**{**facts, **change})


def commit_of(store, attempt="a1", fit_id=FIT, epochs=(6, 8), **change):
    weights = {
        str(epoch): write_weights(store, fit_id, attempt, epoch, f"{attempt}{epoch}".encode())
        for epoch in epochs
    }
    facts = {
        "schema": 1,
        "fit_id": fit_id,
        "attempt": attempt,
        "description": {"detector": "npr"},
        "weights": weights,
        "selected_epoch": epochs[0],
        "last_epoch": epochs[-1],
        "kept_epochs": list(epochs),
        "threshold": {"rule": "logit", "value": 0.0},
        "n_train": 10,
        "n_validation": 2,
        "seconds": 1.5,
        "predicted_seconds": None,
        "warnings": [],
        "parent": None,
    }
    return Commit(**{**facts, **change})


def scored(store, commit, which=None, logit=(1.0, float("nan"), -2.0), **change):
    which = which or piece()
    weights = commit["weights"][str(which.epoch)]["sha256"]
    arguments = {
        "image": np.arange(len(logit)),
        "logit": list(logit),
        "seen": [False] * len(logit),
        "weights_sha256": weights,
        "attempt": commit["attempt"],
        "seconds": 0.5,
    }
    return write_scores(store, which, **{**arguments, **change})


def test_the_first_commit_wins(store):
    first, second = commit_of(store, "a1"), commit_of(store, "a2")
    assert read_commit(store, FIT) is None
    assert commit_fit(store, first) is True
    assert commit_fit(store, second) is False
    assert read_commit(store, FIT) == first
    assert committed_fits(store) == {FIT}
    assert read_commits(store) == {FIT: first}
    assert read_commits(store, ["other"]) == {}


def test_a_commit_is_whole_or_refused(store):
    whole = commit_of(store)
    with pytest.raises(ValueError, match="lacks seconds"):
        commit_fit(store, {key: value for key, value in whole.items() if key != "seconds"})
    lost = {**whole, "weights": {"7": {"sha256": "0" * 64, "bytes": 1}}}
    with pytest.raises(ValueError, match=r"weights-7\.safetensors is not in the store"):
        commit_fit(store, lost)
    assert read_commit(store, FIT) is None


def test_committed_weights_are_checked_when_they_are_read(store):
    commit = commit_of(store)
    assert read_weights(store, commit, 8) == b"a18"
    with pytest.raises(ValueError, match="kept are 6, 8"):
        read_weights(store, commit, 7)
    store.put_checkpoint(weights_key(FIT, "a1", 8), b"other")
    with pytest.raises(WeightsChanged, match="not those that were committed"):
        read_weights(store, commit, 8)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "holds a list"),
        (b'{"schema": 99}', "its schema is 99"),
        (b'{"schema": 1, "fit_id": "x"}', "it lacks attempt"),
        (b"", "it is empty"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_commit_that_is_not_one_is_named(store, content, words):
    store.put_new(commit_key(FIT), content)
    with pytest.raises(CorruptRecord, match=words):
        read_commit(store, FIT)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"n_train": 10', '"n_train": 11', "checksum differs"),
        ('"seconds": 1.5', '"seconds": NaN', "checksum differs"),
    ],
)
def test_a_commit_that_was_altered_is_named(store, old, new, words):
    commit_fit(store, commit_of(store))
    data = store.get(commit_key(FIT))
    store.put_checkpoint(commit_key(FIT), data.replace(old.encode(), new.encode()))
    with pytest.raises(CorruptRecord, match=words):
        read_commit(store, FIT)


def unproven(record):
    """As an earlier version wrote it."""
    return json.dumps(record, indent=1, sort_keys=True).encode()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"n_train": 10', '"n_train": "10"', "n_train is a str"),
        ('"n_train": 10', '"n_train": true', "n_train is a bool"),
        ('"n_train": 10', '"n_train": 10, "n_train": 10', "stands twice"),
        ('"seconds": 1.5', '"seconds": NaN', "NaN is no number"),
        ('"seconds": 1.5', '"seconds": 1e999', "seconds is inf"),
        ('"warnings": []', '"warnings": [3]', r"warnings\[0\] is a int"),
        ('"bytes": 3', '"bytes": "3"', r"weights\.\d\.bytes is a str"),
        (FIT, FIT[:-1] + "0", "it is the commit of"),
    ],
)
def test_a_commit_of_an_earlier_version_is_held_against_its_shape(store, old, new, words):
    commit = commit_of(store)
    text = unproven(commit).decode()
    assert old in text
    store.put_new(commit_key(FIT), text.encode())
    assert read_commit(store, FIT) == commit
    store.put_checkpoint(commit_key(FIT), text.replace(old, new).encode())
    with pytest.raises(CorruptRecord, match=words):
        read_commit(store, FIT)


def test_an_experiment_of_an_earlier_version_is_proved_by_its_digest(store):
    first = experiment()
    key = experiment_key("trial", first["digest"])
    store.put_new(key, unproven(first))
    assert read_experiments(store) == [first]
    for change in ({"question": "!"}, {"digest": "0" * 20}, {"name": "other"}):
        store.put_checkpoint(key, unproven({**first, **change}))
        with pytest.raises(CorruptRecord, match="its digest is not that of what it holds"):
            read_experiments(store)


def test_scores_come_back_with_nulls_and_their_footer(store):
    commit = commit_of(store)
    assert scored(store, commit, extra={"unreadable": [[1, "cut"]]}) is True
    assert scored(store, commit) is False, "existence is the commit"
    table = read_scores(store, piece(), commit)
    assert table.schema.equals(score_schema())
    assert table.to_pydict() == {
        "image": [0, 1, 2],
        "logit": [1.0, None, -2.0],
        "seen": [False] * 3,
    }
    assert read_scores(store, piece().key, commit).equals(table)
    assert read_score_footer(store, piece().key) == {
        "schema": 1,
        "fit_id": FIT,
        "epoch": 8,
        "pool_id": "p1",
        "degradation": "none",
        "test_pipeline": "trim(2)",
        "equalise": "none",
        "operations": {"trim": 1},
        "weights_sha256": commit["weights"]["8"]["sha256"],
        "attempt": "a1",
        "rows": 3,
        "nulls": 1,
        "seen": 0,
        "seconds": 0.5,
        "unreadable": [[1, "cut"]],
    }


def test_score_files_are_encoded_to_be_small(store):
    commit = commit_of(store)
    logit = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    scored(store, commit, logit=logit)
    path = store.local_path(piece().key)
    image, value, _ = (pq.ParquetFile(path).metadata.row_group(0).column(n) for n in range(3))
    assert "DELTA_BINARY_PACKED" in image.encodings
    assert "BYTE_STREAM_SPLIT" in value.encodings
    assert value.compression == "ZSTD"
    assert path.stat().st_size < 4 * 20_000
    assert np.array_equal(read_scores(store, piece(), commit)["logit"].to_numpy(), logit)


def test_scores_of_other_weights_are_refused(store):
    commit = commit_of(store)
    scored(store, commit, weights_sha256="f" * 64)
    with pytest.raises(ForeignScores, match=r"scored with weights ffffffffffff.*delete the file"):
        read_scores(store, piece(), commit)
    scored(store, commit, piece(epoch=8, pool_id="p2"))
    fewer = {**commit, "weights": {"6": commit["weights"]["6"]}}
    with pytest.raises(ForeignScores, match="keeps only 6"):
        read_scores(store, piece(pool_id="p2"), fewer)


def test_a_file_that_is_not_the_piece_of_its_name_is_one_typed_error(store):
    commit = commit_of(store)
    right, other, torn, empty, table = (piece(pool_id=f"p{n}") for n in range(5))
    scored(store, commit, right)
    good = store.get(right.key)
    store.put_new(other.key, good)
    store.put_new(torn.key, good[:-100])
    store.put_new(empty.key, b"")
    pq.write_table(pa.table({"image": [1]}), store.local_path(table.key))
    for which, words in [
        (other, f"holds the scores of {right.key}"),
        (torn, "not a readable Parquet file|checksum differs"),
        (empty, "it is empty, 0 bytes"),
        (table, "its footer is not one"),
    ]:
        for read in (
            lambda which: read_scores(store, which, commit),
            lambda which: read_score_footer(store, which.key),
        ):
            with pytest.raises(CorruptRecord, match=words) as found:
                read(which)
            assert str(found.value).startswith(f"{which.key}: ")
    for rows in (2, 4):
        with pytest.raises(CorruptRecord, match=f"scores 3 images, and its pool has {rows}"):
            read_scores(store, right, commit, rows=rows)
    assert read_scores(store, right, commit, rows=3).num_rows == 3


def test_a_missing_or_torn_piece_is_named(store):
    commit = commit_of(store)
    with pytest.raises(StoreMissing):
        read_scores(store, piece(), commit)
    store.put_new(piece().key, b"PAR1")
    with pytest.raises(CorruptRecord, match="move it out of the store and run again"):
        read_scores(store, piece(), commit)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seen": [False]}, "not one column's length"),
        ({"image": [0, 2, 1]}, "do not increase"),
        ({"image": [0, 1, 1]}, "do not increase"),
        ({"image": [-1, 0, 1]}, "do not increase"),
    ],
)
def test_rows_that_are_not_a_pools_are_refused(store, change, words):
    with pytest.raises(ValueError, match=words):
        scored(store, commit_of(store), **change)
    assert committed_pieces(store) == {}


def test_a_piece_is_named_by_what_it_is():
    assert piece().piece_id.startswith("e8-")
    assert piece().key == f"scores/{FIT}/{piece().piece_id}.parquet"
    other_fit = piece(fit_id="ssp-s0-0")
    assert other_fit.piece_id == piece().piece_id, "pieces of two fits pair by their digest"
    changes = [
        {"pool_id": "p2"},
        {"degradation": "jpeg(75)"},
        {"test_pipeline": "none"},
        {"equalise": "match"},
        {"operations": {"trim": 2}},
        {"epoch": 9},
    ]
    assert len({piece(**change).piece_id for change in [{}, *changes]}) == 7
    assert hash(piece()) == hash(piece())
    assert piece() == piece()


def test_committed_pieces_is_one_listing(store, monkeypatch):
    commit = commit_of(store)
    scored(store, commit)
    scored(store, commit, piece(epoch=6))
    monkeypatch.setattr(store, "get", None)
    assert committed_pieces(store) == {FIT: {piece().piece_id, piece(epoch=6).piece_id}}
    assert committed_pieces_of(store, FIT) == committed_pieces(store)[FIT]
    assert committed_pieces_of(store, FIT[:-1]) == set()


def experiment(**change):
    fit = {
        "fit_id": FIT,
        "label": "npr",
        "arms": ["a"],
        "detector": "npr",
        "card_version": 1,
        "options": {},
        "train": None,
        "augment": "none",
        "input": "none",
        "recipe": None,
        "seed": 0,
        "weights": None,
        "parent": None,
        "description": {},
    }
    column = {
        "dataset": "d",
        "generator": "g",
        "family": "gan",
        "generator_group": "g",
        "real_pools": ["p0"],
        "fake_pools": ["p1"],
        "classes": None,
    }
    record = {
        "schema": 1,
        "name": "trial",
        "question": "?",
        "digest": "",
        "limit": None,
        "simulated": False,
        "leakage": "exclude",
        "equalise": "none",
        "contrasts": [],
        "published": None,
        "fits": [fit],
        "pools": [],
        "scoring": [
            {
                "fit_id": FIT,
                "epochs": ["selected", "last", 7],
                "pools": ["p0", "p1"],
                "degradations": ["none", "jpeg(75)"],
                "test_pipeline": "none",
                "equalise": "none",
                "operations": {"jpeg(75)": {"jpeg": 1}},
            }
        ],
        "test_sets": [
            {"name": "d/g", **column},
            {"name": "d/g", **column, "classes": ["cat"]},
            {"name": "elsewhere", **column, "fake_pools": ["p9"]},
        ],
    }
    record.update(change)
    record["digest"] = experiment_digest(record)
    return record


def test_pieces_and_cells_of_an_experiment(store):
    commit = commit_of(store)
    pieces = list(pieces_of(experiment(), {FIT: commit}))
    assert [p.epoch for p in pieces] == [6] * 4 + [8] * 4, "7 was not kept"
    assert {p.degradation: p.operations for p in pieces} == {"none": {}, "jpeg(75)": {"jpeg": 1}}
    same = commit_of(store, "a3", epochs=(8,))
    assert len(list(pieces_of(experiment(), {FIT: same}))) == 4, "selected and last are one"
    assert list(pieces_of(experiment(), {})) == []

    cells = list(cells_of(experiment(), {FIT: commit}))
    assert len(cells) == 2 * 2 * 2, "epochs, degradations, and two sets of one name"
    assert [cell.record["classes"] for cell in cells[:2]] == [None, ["cat"]]
    assert {p.pool_id for p in cells[0].real} == {"p0"}
    assert {p.pool_id for p in cells[0].fake} == {"p1"}
    wanted = list(cells_of(experiment()))
    assert [cell.epoch for cell in wanted[::4]] == ["selected", "last", 7]
    assert [bool(cell.real) for cell in wanted[::4]] == [False, False, True]


def test_experiments_are_kept_by_name_and_digest(store):
    first, second = experiment(), experiment(question="!")
    assert first["digest"] != second["digest"]
    assert experiment(created_by="0.2")["digest"] == first["digest"]
    paper = {"title": "A", "authors": "B", "venue": "C 2024", "year": 2024, "arxiv": None}
    cited = experiment(papers={"npr": paper})
    assert cited["digest"] == first["digest"], "whom it cites is not what it wants"
    assert write_experiment(store, first) is True
    assert write_experiment(store, first) is False
    write_experiment(store, second)
    write_experiment(store, experiment(name="other"))
    assert len(read_experiments(store)) == 3
    assert len(read_experiments(store, "trial")) == 2
    assert read_experiments(store, "trial", second["digest"][:8]) == [second]
    with pytest.raises(ValueError, match="Did you mean trial"):
        read_experiments(store, "trail")
    with pytest.raises(ValueError, match=first["digest"]):
        read_experiments(store, "trial", "0000")
    with pytest.raises(ValueError, match="lacks pools"):
        write_experiment(store, {k: v for k, v in first.items() if k != "pools"})
    with pytest.raises(ValueError, match="folder's name"):
        write_experiment(store, experiment(name="../x"))


def test_a_pools_rows_are_the_order_that_scores_refer_to(store):
    ids = ["a" * 32, "b" * 32]
    rows = {"image_id": ids, "label": [1, 1], "class": ["cat", "dog"], "path": ["x", "y"]}
    pool_id = pool_digest(ids, [1, 1])
    assert write_pool(store, pool_id, rows) is True
    table = read_pool(store, pool_id)
    assert table.schema.names == manifest_schema().names
    assert table["image"].to_pylist() == [0, 1]
    assert table["pool_id"].to_pylist() == [pool_id, pool_id]
    assert table["width"].to_pylist() == [None, None]
    assert read_pool(store, pool_id, ["class"])["class"].to_pylist() == ["cat", "dog"]
    for wrong, words in [
        ({**rows, "image_id": ids[::-1]}, "not sorted"),
        ({**rows, "image_id": ids[:1] * 2}, "hold one twice"),
        (rows, f"are those of {pool_id}"),
        ({**rows, "label": [0, 1]}, "several labels"),
        ({**rows, "colour": [0, 1]}, "colour is no column"),
    ]:
        with pytest.raises(ValueError, match=words):
            write_pool(store, "p2", wrong)
    with pytest.raises(StoreMissing):
        read_pool(store, "p2")
    assert write_pool(store, pool_digest([], []), {"image_id": [], "label": []})
    other = pool_digest(ids, [0, 0])
    store.put_new(manifest_key(other), store.get(manifest_key(pool_id)))
    with pytest.raises(CorruptRecord, match="it was written as manifests/"):
        read_pool(store, other)


def test_history_validation_and_provenance_come_back(store):
    row = dict.fromkeys(history_schema().names, 1.0) | {"epoch": 1, "step": 3}
    write_history(store, FIT, "a", [row, {**row, "epoch": 2, "validation_auc": None}])
    history = read_history(store, FIT, "a")
    assert history["epoch"].to_pylist() == [1, 2]
    assert history["validation_auc"].to_pylist() == [1.0, None]
    write_validation(store, FIT, "a", ["x", "y"], [0, 1], [0.5, float("nan")])
    assert read_validation(store, FIT, "a")["logit"].to_pylist() == [0.5, None]
    write_provenance(store, FIT, "a", {"host": "node1"})
    assert read_provenance(store, FIT, "a")["host"] == "node1"


def test_failures_are_numbered_and_carry_the_log(store):
    log = logging.getLogger("test_failures")
    log.setLevel(logging.INFO)
    with recent_log(log) as tail:
        for number in range(300):
            log.info("line %d", number)
        try:
            raise RuntimeError("out of luck")
        except RuntimeError as error:
            failure = failure_of(error, fit_id=FIT, attempt="a1", log_tail=tail.lines())
    assert log.handlers == []
    assert len(failure["log_tail"]) == 200
    assert failure["log_tail"][-1].endswith("line 299")
    assert "out of luck" in failure["traceback"]
    assert (failure["exception"], failure["message"]) == ("RuntimeError", "out of luck")
    for _ in range(11):
        key = write_failure(store, failure)
    assert key == f"failures/{FIT}/a1-11.json"
    dead = failure_of(
        None,
        fit_id=FIT,
        attempt="a2",
        kind="killed",
        message="worker died",
        host="node7",
        log_note="the host is gone, and its log with it",
    )
    write_failure(store, dead)
    write_failure(store, {**dead, "fit_id": "other"})
    found = read_failures(store, FIT)
    assert [each["attempt"] for each in found] == ["a1"] * 11 + ["a2"]
    assert found[-1]["host"] == "node7"
    assert len(read_failures(store)) == 13
    with pytest.raises(ValueError, match="out_of_memory"):
        failure_of(None, fit_id=FIT, attempt="a", kind="oom")


def test_a_log_line_that_cannot_be_formatted_stops_nothing(capsys):
    handler = RecentLog()
    handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "%d", ("no",), None))
    assert handler.lines() == []
    assert "Logging error" in capsys.readouterr().err


def test_what_attempts_left_is_found_without_their_ids(store):
    for attempt in ("a1", "a2"):
        store.put_new(checkpoint_key(FIT, attempt), b"")
        store.put_new(weights_key(FIT, attempt, 8), b"")
    store.put_new(weights_key("other-s0-0", "a3", 8), b"")
    assert attempts.checkpoint_keys(store, FIT) == [
        checkpoint_key(FIT, attempt) for attempt in ("a1", "a2")
    ]
    assert attempts.begun_fits(store) == {FIT: attempts.checkpoint_keys(store, FIT)}
    attempts.discard_attempt(store, FIT, "a1")
    assert store.list(f"fits/{FIT}/a1/") == []
    assert len(store.list(f"fits/{FIT}/a2/")) == 2


def test_a_manifest_of_an_earlier_version_has_unknown_header_facts(store):
    ids, facts = ["a" * 32, "b" * 32], {"jpeg_tables": ["01:02", ""], "metadata_bytes": [7, 0]}
    pool_id = pool_digest(ids, [1, 1])
    write_pool(store, pool_id, {"image_id": ids, "label": [1, 1], **facts})
    key = manifest_key(pool_id)
    table = read_pool(store, pool_id)
    assert table["jpeg_tables"].to_pylist() == facts["jpeg_tables"]
    earlier = parquet_bytes(table.drop_columns(list(ADDED_LATER)), {"key": key})
    store.put_checkpoint(key, earlier)
    old = read_pool(store, pool_id)
    assert old.schema.equals(manifest_schema())
    assert old["jpeg_tables"].to_pylist() == old["metadata_bytes"].to_pylist() == [None, None]
    assert old.drop_columns(list(ADDED_LATER)).equals(table.drop_columns(list(ADDED_LATER)))
    named = read_pool(store, pool_id, ["subsampling", "image_id"])
    assert named.to_pydict() == {"subsampling": [None, None], "image_id": ids}
    place = re.fullmatch(r"manifests/(?P<pool>\w+)\.parquet", key)
    assert FileCheck(store, deep=False).manifest(place).content == 2
    store.put_checkpoint(key, parquet_bytes(table.drop_columns(["width"]), {"key": key}))
    with pytest.raises(CorruptRecord, match="lacks the columns width"):
        read_pool(store, pool_id)


def test_every_column_is_in_the_description_of_the_store():
    text = (ROOT / "grid" / "README.md").read_text()
    words = set(re.findall(r"\w+", text))
    schemas = (manifest_schema(), score_schema(), history_schema())
    for schema in (*schemas, compacted_schema()):
        assert set(schema.names) <= words
    for record in (
        Commit,
        Failure,
        ExperimentRecord,
        FitRecord,
        PoolRecord,
        ScoringRecord,
        SetRecord,
    ):
        assert set(record.__annotations__) <= words, record


def test_a_damaged_table_of_a_pools_files_is_written_again(store):
    today = {"path": ["/x/a.png"], "class": ["cat"], "pair": [""]}
    key = publish_files(store, "p1", today)
    good = store.get(key)
    for damaged in (good[:-1], b"", good.replace(b"crossgen", b"crossgem")):
        store.put_checkpoint(key, damaged)
        with pytest.raises(CorruptRecord, match=key):
            read_files(store, key)
        assert publish_files(store, "p1", today) == key
        assert store.get(key) == good
    other = publish_files(store, "p1", {**today, "path": ["/y/a.png"]})
    store.put_checkpoint(key, store.get(other))
    with pytest.raises(CorruptRecord, match="not the table that its name says"):
        read_files(store, key)
    pq.write_table(pa.table(today), store.local_path(key))
    assert read_files(store, key).to_pydict() == today, "as an earlier version wrote it"
    pq.write_table(pa.table({**today, "path": ["/y/a.png"]}), store.local_path(key))
    with pytest.raises(CorruptRecord, match="not the table that its name says"):
        read_files(store, key)


def test_what_lies_under_the_name_of_another_is_named(store):
    failure = failure_of(None, fit_id=FIT, attempt="a1", message="died")
    key = write_failure(store, failure)
    store.put_new(failure_key("other", "a1", 1), store.get(key))
    with pytest.raises(CorruptRecord, match=f"it is a failure of {FIT}"):
        read_failures(store, "other")
    write_provenance(store, FIT, "a", {"fit_id": FIT, "attempt": "a"})
    store.put_new(provenance_key("other", "a"), store.get(provenance_key(FIT, "a")))
    with pytest.raises(CorruptRecord, match=f"it is of {FIT}, attempt a"):
        read_provenance(store, "other", "a")


def test_rows_of_an_earlier_version_are_held_against_counts_and_names(store):
    commit = commit_of(store)
    scored(store, commit)
    path = store.local_path(piece().key)
    facts = json.loads(pq.ParquetFile(path).metadata.metadata[b"crossgen"])
    facts.pop("file_sha256")
    sound = read_scores(store, piece(), commit)

    def write(rows, **change):
        with pq.ParquetWriter(path, score_schema()) as writer:
            writer.write_table(pa.table(rows, schema=score_schema()))
            writer.add_key_value_metadata({b"crossgen": json.dumps({**facts, **change})})

    rows = sound.to_pydict()
    write(rows)
    told = set()
    assert read_scores(store, piece(), commit, unproven=told).equals(sound)
    assert told == {piece().key}
    for altered, words in [
        ({"logit": [1.0, 0.0, -2.0]}, "counts 1 nulls and its rows are 0"),
        ({"seen": [True, False, False]}, "counts 0 seen and its rows are 1"),
        ({"image": [0, 1, 3]}, "not those of a pool, rank by rank"),
    ]:
        write({**rows, **altered})
        with pytest.raises(CorruptRecord, match=words):
            read_scores(store, piece(), commit)
    for change, words in [
        ({"pool_id": "p2"}, "it holds the scores of"),
        ({"attempt": 3}, "does not say its attempt"),
        ({"operations": {"trim": "1", "x": []}}, "it holds the scores of|names no piece"),
        ({"gile_sha256": "0" * 64}, "has lost its file_sha256"),
    ]:
        write(rows, **change)
        with pytest.raises(CorruptRecord, match=words):
            read_scores(store, piece(), commit)

    ids = ["a" * 32, "b" * 32]
    pool_id = pool_digest(ids, [1, 1])
    write_pool(store, pool_id, {"image_id": ids, "label": [1, 1]})
    table = read_pool(store, pool_id)
    manifest = store.local_path(manifest_key(pool_id))
    pq.write_table(table, manifest)
    assert read_pool(store, pool_id).equals(table)
    other = pa.array(["a" * 32, "c" * 32])
    for altered in (table.slice(1), table.set_column(2, "image_id", other), table.take([1, 0])):
        pq.write_table(altered, manifest)
        with pytest.raises(CorruptRecord, match="not those that its name stands for"):
            read_pool(store, pool_id)
