"""The store on S3, against moto's server on loopback."""

import threading

import pytest

from grid.records.commits import committed_pieces
from grid.records.pieces import Piece
from grid.records.scores.score_files import write_scores
from grid.records.scores.score_reading import read_scores
from grid.store import s3
from grid.store.errors import StoreError, StoreUnwritable
from grid.store.opening import open_store

KEY = "scores/fit/e8-0123456789abcdef.parquet"


@pytest.fixture
def store(s3_server, request, monkeypatch):
    monkeypatch.setattr(s3, "FIRST_WAIT_S", 0.001)
    s3_server.quiet()
    return open_store(f"s3://bucket/{abs(hash(request.node.name)):x}/pre/fix")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("503 Slow Down", "SlowDown"),
        ("500 Oops", "InternalError"),
        ("409 Conflict", "ConditionalRequestConflict"),
    ],
)
def test_passing_faults_are_waited_for(store, s3_server, status, code):
    s3_server.status, s3_server.code, s3_server.left = status, code, 4
    assert store.put_new(KEY, b"1") is True
    assert s3_server.served == 4
    assert store.put_new(KEY, b"2") is False
    s3_server.method, s3_server.left = "GET", 2
    assert store.get(KEY) == b"1"
    s3_server.left = 2
    assert store.list("scores/") == [KEY]
    s3_server.left = 1
    assert store.get_many([KEY]) == {KEY: b"1"}
    assert s3_server.served == 9


def test_a_put_whose_answer_was_lost_is_ours(store, s3_server):
    s3_server.after, s3_server.left = True, 1
    assert store.put_new(KEY, b"ours") is True
    assert s3_server.served == 1
    assert store.get(KEY) == b"ours"


def test_a_put_whose_line_was_cut_after_it_was_done_is_ours(store, s3_server, monkeypatch):
    s3_server.dropped = 1.0
    monkeypatch.setattr(s3, "FIRST_WAIT_S", 0.1)
    threading.Timer(0.3, s3_server.quiet).start()
    assert store.put_new(KEY, b"ours") is True
    assert s3_server.dropped == 0, "it came through only when no line was cut any more"
    store.put_checkpoint("checkpoint", b"1")
    assert store.get(KEY) == b"ours"
    assert store.put_new(KEY, b"ours") is False


def test_a_put_that_the_http_library_repeats_by_itself_is_ours(store, s3_server):
    """It does so on a kept connection that breaks, and hands on only the refusal of the second."""
    for number in range(3):
        store.put_new(f"before-{number}", b"")  # connections are kept
    s3_server.drop_next = 1
    assert store.put_new(KEY, b"ours") is True
    assert s3_server.served == 1
    assert store.put_new(KEY, b"ours") is False, "equal bytes of another writer are not ours"


def test_an_answer_that_ends_in_its_midst_is_asked_for_again(store, s3_server, monkeypatch):
    store.put_new(KEY, bytes(100_000))
    s3_server.cut = 2
    assert store.get(KEY) == bytes(100_000)
    assert s3_server.cut == 0
    monkeypatch.setattr(s3, "TRIES", 2)
    s3_server.cut = 10**6
    with pytest.raises(StoreError, match="could not be read") as met:
        store.get(KEY)
    s3_server.quiet()
    assert met.value.passing


def test_a_put_after_a_fault_that_another_won_is_not_ours(store, s3_server):
    open_store(store.url).put_new(KEY, b"theirs")
    s3_server.left = 1
    assert store.put_new(KEY, b"ours") is False
    assert store.get(KEY) == b"theirs"


def test_lasting_faults_are_said(store, s3_server, monkeypatch):
    monkeypatch.setattr(s3, "TRIES", 3)
    s3_server.left = 10**6
    with pytest.raises(StoreUnwritable, match="cannot be written") as met:
        store.put_new(KEY, b"1")
    assert met.value.passing, "a run waits for it"
    with pytest.raises(StoreUnwritable):
        store.put_checkpoint(KEY, b"1")
    s3_server.method = "GET"
    with pytest.raises(StoreError, match="could not be read"):
        store.get(KEY)
    s3_server.left = 0


def test_what_will_not_pass_is_not_repeated(store, s3_server):
    s3_server.status, s3_server.code, s3_server.left = "403 Forbidden", "AccessDenied", 10**6
    with pytest.raises(StoreUnwritable, match="credentials") as met:
        store.put_new(KEY, b"1")
    assert met.value.passing == "", "no run waits for it"
    assert s3_server.served == 1
    s3_server.left = 0
    with pytest.raises(StoreUnwritable, match="bucket"):
        open_store("s3://no-such-bucket/x").put_new(KEY, b"1")


def test_no_server_is_unwritable(s3_server, monkeypatch):
    monkeypatch.setattr(s3, "TRIES", 2)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreUnwritable, match="cannot be written"):
        open_store("s3://bucket/x").put_new("a", b"")


def test_scores_are_records_there_as_well(store):
    piece = Piece(
        fit_id="npr-s0-0123456789abcdef",
        epoch=8,
        pool_id="p1",
        degradation="none",
        test_pipeline="none",
        equalise="none",
    )
    commit = {"fit_id": piece.fit_id, "weights": {"8": {"sha256": "a" * 64, "bytes": 1}}}
    write_scores(
        store,
        piece,
        image=[0, 1],
        logit=[1.0, -1.0],
        seen=[False, True],
        weights_sha256="a" * 64,
        attempt="x",
        seconds=1.0,
    )
    assert committed_pieces(store) == {piece.fit_id: {piece.piece_id}}
    assert read_scores(store, piece, commit)["logit"].to_pylist() == [1.0, -1.0]
