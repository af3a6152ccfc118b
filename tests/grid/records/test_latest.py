"""Which expansion was run last: numbered markers, no clock, no lock."""

import json
import threading

import pytest

from grid.records.latest import latest_digest, mark_latest
from grid.store.opening import open_store


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def marked(store):
    return [json.loads(store.get(key))["digest"] for key in store.list("latest/e/")]


def test_each_change_is_marked_once_and_going_back_is_a_change(store):
    assert latest_digest(store, "e", {"a", "b"}) is None
    for digest in ("a", "a", "b", "b", "a"):
        mark_latest(store, "e", digest)
        assert latest_digest(store, "e", {"a", "b"}) == digest
    assert marked(store) == ["a", "b", "a"]
    assert store.list("latest/") == [f"latest/e/0000000{n}.json" for n in (1, 2, 3)]
    marker = json.loads(store.get("latest/e/00000003.json"))
    assert len(marker.pop("file_sha256")) == 64
    assert marker == {
        "schema": 1,
        "name": "e",
        "digest": "a",
    }


def test_names_that_begin_alike_are_apart(store):
    mark_latest(store, "e", "a")
    mark_latest(store, "e.2", "b")
    assert latest_digest(store, "e", {"a", "b"}) == "a"
    assert latest_digest(store, "e.2", {"a", "b"}) == "b"


def test_a_marker_that_is_damaged_or_names_nothing_known_is_passed_over(store, caplog):
    for digest in ("a", "b", "gone"):
        mark_latest(store, "e", digest)
    assert latest_digest(store, "e", {"a", "b"}) == "b"
    store.put_checkpoint("latest/e/00000002.json", b"torn")
    assert latest_digest(store, "e", {"a", "b"}) == "a"
    assert "latest/e/00000002.json" in caplog.text
    store.put_checkpoint("latest/e/00000003.json", b"torn")
    mark_latest(store, "e", "a")
    assert latest_digest(store, "e", {"a", "b"}) == "a"
    assert len(store.list("latest/e/")) == 4, "what cannot be read is not overwritten"


def test_a_lost_race_takes_the_next_number_unless_the_winner_said_the_same(store, monkeypatch):
    for digest in ("a", "b"):
        mark_latest(store, "e", digest)
    with monkeypatch.context() as patch:
        patch.setattr(store, "list", lambda prefix="": [])  # as it was before the others wrote
        mark_latest(store, "e", "c")
    assert marked(store) == ["a", "b", "c"]
    with monkeypatch.context() as patch:
        patch.setattr(store, "list", lambda prefix="": ["latest/e/00000002.json"])
        mark_latest(store, "e", "c")
    assert marked(store) == ["a", "b", "c"]


def test_of_many_at_once_none_is_lost(store):
    digests = [f"d{n}" for n in range(12)]
    threads = [threading.Thread(target=mark_latest, args=(store, "e", d)) for d in digests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(marked(store)) == sorted(digests)


def test_markers_on_s3_are_the_same(s3_server, tmp_path):
    s3_server.left = 0
    store = open_store(f"s3://bucket/{tmp_path.name}")
    for digest in ("a", "b", "b", "a"):
        mark_latest(store, "e", digest)
    assert marked(store) == ["a", "b", "a"]
    assert latest_digest(open_store(store.url), "e", {"a", "b"}) == "a"


def test_a_marker_of_another_experiment_is_passed_over(store, caplog):
    mark_latest(store, "e", "a")
    mark_latest(store, "f", "b")
    store.put_new("latest/e/00000002.json", store.get("latest/f/00000001.json"))
    assert latest_digest(store, "e", {"a", "b"}) == "a"
    assert "it marks an expansion of f" in caplog.text
