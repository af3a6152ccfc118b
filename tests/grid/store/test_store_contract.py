"""What every store promises, whatever it lies on: on a disk and on S3, one test for both."""

import json
import os
import pickle
import subprocess
import sys
import textwrap

import pytest
from repository import ROOT

from grid.store import s3
from grid.store.errors import StoreKeyRefused, StoreMissing, StoreUnwritable
from grid.store.opening import open_store

KEY = "scores/fit/e8-0123456789abcdef.parquet"
CHECKPOINT = "fits/fit/a/checkpoint.safetensors"


@pytest.fixture(params=["disk", "s3"])
def store(request, tmp_path, monkeypatch):
    if request.param == "disk":
        return open_store(tmp_path / "store")
    server = request.getfixturevalue("s3_server")
    server.left = 0
    monkeypatch.setattr(s3, "FIRST_WAIT_S", 0.001)
    return open_store(f"s3://bucket/{abs(hash(request.node.name)):x}/pre/fix")


def test_the_five_verbs(store):
    with pytest.raises(StoreMissing, match=r"no such (file|object)"):
        store.get(KEY)
    assert store.put_new(KEY, b"first") is True
    assert store.put_new(KEY, b"second") is False
    assert store.get(KEY) == b"first"
    store.put_checkpoint(CHECKPOINT, b"1")
    store.put_checkpoint(CHECKPOINT, b"2")
    assert store.get(CHECKPOINT) == b"2"
    assert store.list() == [CHECKPOINT, KEY]
    assert store.exists(KEY)
    assert not store.exists("scores/fit")
    assert not store.exists("nothing")
    [entry] = store.entries("scores")
    assert (entry.key, entry.bytes, entry.temporary) == (KEY, 5, False)
    assert abs(entry.modified_s - store.now_s()) < 60
    store.delete(KEY)
    store.delete(KEY)
    assert store.list("scores/") == []
    assert not [entry for entry in store.entries() if entry.temporary]


def test_list_takes_the_beginning_of_a_key(store):
    for key in ("fits/npr-1/a/x", "fits/npr-12/a/x", "fits/ssp/a/x", "commits/npr-1.json"):
        store.put_new(key, b"")
    assert store.list("fits/npr-1") == ["fits/npr-1/a/x", "fits/npr-12/a/x"]
    assert store.list("fits/npr-1/") == ["fits/npr-1/a/x"]
    assert store.list("nothing/") == []
    assert [entry.key for entry in store.entries("fits/npr-1")] == ["fits/npr-1/a/x"]
    assert store.sizes("fits/npr-1") == {"fits/npr-1/a/x": 0}


def test_a_listing_sees_what_another_process_has_just_written(store):
    assert store.list("scores/") == []
    other = open_store(store.url)
    other.put_new(KEY, b"1")
    assert store.list("scores/") == [KEY]
    assert store.exists(KEY)
    other.delete(KEY)
    assert store.list("scores/") == []
    assert not store.exists(KEY)


def test_several_keys_at_once(store):
    store.put_new("a/1", b"one")
    store.put_new("a/2", b"two")
    assert store.get_many(["a/1", "a/2", "a/3"]) == {"a/1": b"one", "a/2": b"two"}
    assert store.get_tails(["a/1", "a/2", "a/3"], 2) == {"a/1": b"ne", "a/2": b"wo"}
    assert store.get_many([]) == {}


def test_a_missing_key_is_a_key_error_and_an_os_error_and_says_which(store):
    with pytest.raises(KeyError) as missing:
        store.get("a")
    assert missing.value.key == "a"
    with pytest.raises(OSError, match="crossgen status"):
        store.get("a")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "a/../b", "..", "a//b", "a/", ".tmp-x", "a/.tmp-b"]
)
def test_keys_that_leave_or_hide_are_refused(store, key):
    with pytest.raises(StoreKeyRefused, match="not a plain relative path"):
        store.put_new(key, b"")


def test_it_travels_by_pickle(store):
    store.put_new("a", b"1")
    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


def test_check_writable_leaves_nothing(store):
    store.check_writable()
    assert store.list() == []


def test_check_writable_refuses_a_store_that_overwrites(store, monkeypatch):
    def overwrites(key, data):
        store.put_checkpoint(key, data)
        return True

    monkeypatch.setattr(store, "put_new", overwrites)
    with pytest.raises(StoreUnwritable, match="must never be overwritten"):
        store.check_writable()


def test_of_many_processes_exactly_one_creates_a_key(store):
    script = """
        import json, sys
        from grid.store.opening import open_store
        store = open_store(sys.argv[1])
        store.list()
        print("ready", flush=True)
        sys.stdin.readline()
        won = [n for n in range(8) if store.put_new(f"commits/{n}.json", sys.argv[2].encode())]
        print(json.dumps(won))
    """
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), store.url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for number in range(2)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = {}
    for number, racer in enumerate(racers):
        answer, _ = racer.communicate(timeout=60)
        assert racer.returncode == 0
        for key in json.loads(answer):
            assert key not in won, "two were told that they created it"
            won[key] = number
    assert sorted(won) == list(range(8))
    for key, number in won.items():
        assert store.get(f"commits/{key}.json") == str(number).encode()
