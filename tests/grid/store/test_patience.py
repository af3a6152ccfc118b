"""Waiting for a store: what is waited for, what ends it, and that nothing is told twice."""

import inspect
import subprocess
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_disk import small_disk

from grid.store import patience as module
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing, StoreUnwritable
from grid.store.local import LocalStore
from grid.store.opening import open_store
from grid.store.patience import Patience, PatientStore

KEY = "scores/fit/e8-0123456789abcdef.parquet"


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.002)
    monkeypatch.setattr(module, "_LOOK_S", 0.001)


def outage(text="the store is full"):
    return StoreUnwritable(f"k: {text}; free space.", "k", passing=text)


class Failing:
    """A request that meets so many outages before it is answered."""

    def __init__(self, times, error=None):
        self.times, self.asked, self.error = times, 0, error

    def __call__(self):
        self.asked += 1
        if self.asked <= self.times:
            raise self.error or outage()
        return "answer"


@given(st.integers(0, 6))
def test_an_outage_is_waited_for_and_told_once(times):
    said = []
    assert Patience(60.0, tell=said.append)(Failing(times)) == "answer"
    assert len(said) == (2 if times else 0)
    if times:
        assert said[0].startswith("the store is full, seen by ")
        assert "waiting up to 60 s" in said[0]
        assert said[1] == ""


@pytest.mark.parametrize("error", [StoreUnwritable("denied"), StoreMissing("gone"), OSError("x")])
def test_what_cannot_pass_is_raised_at_once(error):
    said = []
    request = Failing(1, error)
    with pytest.raises(OSError, match=str(error.args[0])):
        Patience(60.0, tell=said.append)(request)
    assert (request.asked, said) == (1, [])


def test_an_outage_that_turns_into_something_lasting_is_raised():
    answers = iter([outage(), StoreUnwritable("denied")])

    def request():
        raise next(answers)

    with pytest.raises(StoreUnwritable, match="denied"):
        Patience(60.0)(request)


def test_no_patience_is_no_second_try():
    request = Failing(1)
    with pytest.raises(StoreUnwritable):
        Patience(0.0)(request)
    assert request.asked == 1


def test_patience_ends_and_never_says_that_the_store_answers():
    said = []
    with pytest.raises(StoreUnwritable, match=r"free space\. It was waited for, 0\.1 s\."):
        Patience(0.1, tell=said.append)(Failing(10**6))
    assert len(said) == 1


def test_a_stop_ends_the_waiting_and_the_answer_is_not_awaited():
    stopped = threading.Event()
    threading.Timer(0.05, stopped.set).start()
    began = time.monotonic()
    with pytest.raises(StoreUnwritable):
        Patience(60.0, stop=stopped.is_set)(Failing(10**6))
    assert time.monotonic() - began < 5
    request = Failing(1)
    with pytest.raises(StoreUnwritable):
        Patience(60.0, stop=stopped.is_set)(request)
    assert request.asked == 1


def test_time_is_told_of_while_it_passes():
    ticks = []
    Patience(60.0, tick=lambda: ticks.append(1))(Failing(3))
    assert ticks


ARGUMENTS = {
    "get": ("a",),
    "get_many": (["a"],),
    "get_tails": (["a"], 1),
    "list": (),
    "exists": ("a",),
    "entries": (),
    "sizes": (),
    "put_new": ("b", b"2"),
    "put_checkpoint": ("a", b"2"),
    "delete": ("a",),
}
AT_ONCE = {"now_s", "local_path", "arrow_location", "check_writable", "url", "holds_weights"}


def test_every_verb_of_a_store_is_patient_or_known_not_to_be():
    verbs = {name for name, _ in inspect.getmembers(Store) if not name.startswith("_")}
    assert verbs == {*ARGUMENTS, *AT_ONCE} - {"url"}


@pytest.mark.parametrize("verb", sorted(ARGUMENTS))
def test_each_verb_is_repeated_and_answers_as_its_store_does(tmp_path, monkeypatch, verb):
    quiet, shaky = LocalStore(tmp_path / "quiet"), LocalStore(tmp_path / "shaky")
    for store in (quiet, shaky):
        store.put_new("a", b"1")
    once = Failing(1)
    honest = getattr(shaky, verb)

    def fails_first(*arguments):
        once()
        return honest(*arguments)

    monkeypatch.setattr(shaky, verb, fails_first)
    found = getattr(PatientStore(shaky, Patience(60.0)), verb)(*ARGUMENTS[verb])
    expected = getattr(quiet, verb)(*ARGUMENTS[verb])
    if verb == "entries":
        found, expected = ([(e.key, e.bytes) for e in each] for each in (found, expected))
    assert found == expected
    assert once.asked == 2


@pytest.mark.parametrize(("there", "is_ours"), [(b"ours", True), (b"theirs", False)])
def test_a_key_that_exists_after_a_failure_is_ours_by_its_bytes(tmp_path, there, is_ours):
    """The first try was done, or somebody was quicker: only the bytes tell."""

    class Lossy(LocalStore):
        lost = False

        def put_new(self, key, data):
            if not self.lost:
                self.lost = True
                super().put_new(key, there)
                raise outage()
            return super().put_new(key, data)

    store = PatientStore(Lossy(tmp_path / "store"), Patience(60.0))
    assert store.put_new(KEY, b"ours") is is_ours
    assert store.get(KEY) == there
    assert store.put_new(KEY, there) is False, "without a failure what is there is not ours"


def test_a_full_disk_is_waited_for_until_there_is_room(tmp_path):
    said = []
    with small_disk(tmp_path / "mounted", "256k") as place:
        (place / "filler").write_bytes(bytes(200_000))
        store = PatientStore(open_store(place / "store"), Patience(60.0, tell=said.append))
        threading.Timer(0.3, (place / "filler").unlink).start()
        assert store.put_new(KEY, bytes(100_000)) is True
        assert store.get(KEY) == bytes(100_000)
        assert "No space left on device" in said[0]
        assert " of 262 kB free" in said[0]
        assert said[1:] == [""]
        assert [entry.key for entry in store.entries()] == [KEY]


def test_a_read_only_disk_is_waited_for_and_a_name_that_is_too_long_is_not(tmp_path):
    with small_disk(tmp_path / "mounted", "1m") as place:
        store = PatientStore(open_store(place / "store"), Patience(60.0))
        store.put_new("a", b"1")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        writable = ["mount", "-o", "remount,rw", str(place)]
        threading.Timer(0.3, lambda: subprocess.run(writable, check=True)).start()
        store.put_checkpoint("a", b"2")
        assert store.get("a") == b"2"
        with pytest.raises(StoreUnwritable, match="name too long"):
            store.put_new("n" * 300, b"")


@pytest.mark.parametrize("call", ["exists", "put_new", "list", "entries", "get"])
def test_a_stale_folder_is_the_stores_outage_whoever_asks(tmp_path, monkeypatch, call):
    """Whatever call meets it: none lets a plain OSError out, which would be the trial's."""
    import errno
    import os

    store = open_store(tmp_path / "store")
    store.put_new("a/b", b"1")

    def stale(*_, **__):
        raise OSError(errno.ESTALE, "Stale file handle")

    for function in ("stat", "scandir", "open"):
        monkeypatch.setattr(os, function, stale)
    monkeypatch.setattr("io.open", stale)
    arguments = {"list": (), "entries": (), "put_new": ("a/c", b"")}.get(call, ("a/b",))
    with pytest.raises(StoreError, match="Stale file handle") as met:
        getattr(store, call)(*arguments)
    monkeypatch.undo()
    assert met.value.passing
