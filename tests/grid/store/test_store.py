"""The store on a disk: whole or not at all, never overwritten, whoever dies and whenever."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest
from repository import ROOT
from small_disk import small_disk

from grid.store.errors import StoreUnwritable, StoreUrlRefused
from grid.store.local import LocalStore
from grid.store.opening import open_store

KEY = "scores/fit/e8-0123456789abcdef.parquet"


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def hidden(store):
    return [entry.key for entry in store.entries() if entry.temporary]


def test_sizes_are_those_of_what_links_lead_to(store, tmp_path):
    store.put_new("fits/f/a/weights-1.safetensors", b"12345")
    (tmp_path / "elsewhere").write_bytes(b"123")
    (store.root / "fits/f/a/weights-2.safetensors").symlink_to(tmp_path / "elsewhere")
    (store.root / "fits/f/a/weights-3.safetensors").symlink_to(tmp_path / "gone")
    (store.root / "fits/f/a/.tmp-x").write_bytes(b"1")
    folder = "fits/f/a/weights-"
    expected = {f"{folder}1.safetensors": 5, f"{folder}2.safetensors": 3}
    assert store.sizes("fits/") == expected
    assert store.sizes("fits") == expected
    assert store.sizes("nothing/") == {}


def test_addresses(tmp_path, monkeypatch):
    for name in ("RAY_JOB_ID", "RAY_JOB_CONFIG_JSON_ENV_VAR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert open_store("runs").url == str(tmp_path / "runs")
    assert open_store(f"file://{tmp_path}/runs") == open_store("./x/../runs")
    assert not (tmp_path / "runs").exists(), "looking creates nothing"
    for url, words in [
        ("gs://bucket/x", "has not passed the test"),
        ("https://host/x", "has not passed the test"),
        ("s3://", "names no bucket"),
        ("", "no address"),
    ]:
        with pytest.raises(StoreUrlRefused, match=words):
            open_store(url)


@pytest.mark.parametrize("variable", ["RAY_JOB_ID", "RAY_JOB_CONFIG_JSON_ENV_VAR"])
def test_a_relative_store_is_refused_inside_a_ray_job(tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, "01000000")
    with pytest.raises(StoreUrlRefused, match="disposable copy"):
        open_store("runs")
    assert open_store(tmp_path).url == str(tmp_path)


def _race(root, barrier, number, won):
    store = open_store(root)
    for round_number in range(20):
        barrier.wait()
        if store.put_new(f"commits/{round_number}.json", f"{number}".encode() * 5000):
            won.put((round_number, number))


# Python 3.12 warns of a fork beside the threads of other tests' libraries; ours start none.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_of_many_processes_exactly_one_creates_a_key(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier, won = context.Barrier(6), context.Queue()
    racers = [
        context.Process(target=_race, args=(str(tmp_path), barrier, n, won)) for n in range(6)
    ]
    for racer in racers:
        racer.start()
    winners = [won.get(timeout=30) for _ in range(20)]
    for racer in racers:
        racer.join()
        assert racer.exitcode == 0
    assert won.empty()
    assert sorted(round_number for round_number, _ in winners) == list(range(20))
    store = open_store(tmp_path)
    for round_number, number in winners:
        assert store.get(f"commits/{round_number}.json") == f"{number}".encode() * 5000
    assert hidden(store) == []


def _tidies(root, stop):
    """What a process does that has just deleted the last key below a folder, without end."""
    while not stop.is_set():
        for folder in ("scores/a/b/c", "scores/a/b", "scores/a", "scores"):
            with contextlib.suppress(OSError):
                Path(root, folder).rmdir()
        time.sleep(0.0005)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_another_process_may_remove_the_empty_folders_while_a_key_is_created(store):
    """Also those half made: a writer that gave up would say that the store is not writable."""
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    other = context.Process(target=_tidies, args=(store.url, stop))
    other.start()
    try:
        number, end = 0, time.monotonic() + 2
        while time.monotonic() < end:
            number += 1
            key = f"scores/a/b/c/{number}"
            assert store.put_new(key, b"whole") is True
            assert store.get(key) == b"whole"
            store.delete(key)
    finally:
        stop.set()
        other.join()


def test_a_folder_that_can_never_be_made_is_said(store):
    store.root.mkdir()
    (store.root / "commits").symlink_to(store.root / "gone")
    with pytest.raises(StoreUnwritable, match="cannot be written"):
        store.put_new("commits/a.json", b"")


def _checkpoints(root, number):
    store = open_store(root)
    for _ in range(200):
        store.put_checkpoint("fits/f/a/checkpoint.safetensors", f"{number}".encode() * 20_000)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_checkpoint_that_is_overwritten_is_always_whole(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_checkpoints, args=(str(tmp_path), n)) for n in range(2)]
    store = open_store(tmp_path)
    store.put_checkpoint("fits/f/a/checkpoint.safetensors", b"0" * 20_000)
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        content = store.get("fits/f/a/checkpoint.safetensors")
        assert len(content) == 20_000
        assert len(set(content)) == 1
    for writer in writers:
        writer.join()


def dies_at(function, root, verb):
    """Run one write in a process that is killed -9 when it calls an os function."""
    script = f"""
        import os, signal
        from pathlib import Path
        from grid.store.opening import open_store
        def die(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)
        store = open_store({str(root)!r})
        {function} = die
        store.{verb}({KEY!r}, b"x" * 100_000)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize(
    ("function", "verb"),
    [("os.link", "put_new"), ("os.fsync", "put_new"), ("Path.replace", "put_checkpoint")],
)
def test_a_writer_killed_before_the_final_name_leaves_no_key(tmp_path, function, verb):
    (tmp_path / KEY).parent.mkdir(parents=True)  # whose making is fsynced as well
    dies_at(function, tmp_path, verb)
    store = open_store(tmp_path)
    assert store.list() == []
    assert len(hidden(store)) == 1, "the part is there, hidden, for gc"
    assert store.put_new(KEY, b"again") is True
    assert store.get(KEY) == b"again"


def test_a_writer_killed_after_the_final_name_has_written_it(tmp_path):
    # unlink of the temporary comes after the link: the key is whole by then
    dies_at("Path.unlink", tmp_path, "put_new")
    store = open_store(tmp_path)
    assert store.list() == [KEY]
    assert store.get(KEY) == b"x" * 100_000
    assert store.put_new(KEY, b"again") is False


def test_a_link_that_succeeded_on_a_repeated_request_counts(store, monkeypatch):
    # NFS: the answer to the first LINK was lost, the repeated one is told "exists"
    link = os.link

    def repeated(source, target):
        link(source, target)
        raise FileExistsError(target)

    monkeypatch.setattr(os, "link", repeated)
    assert store.put_new("a", b"mine") is True
    monkeypatch.setattr(os, "link", link)
    assert store.put_new("a", b"other") is False


def test_a_full_disk_is_unwritable_and_leaves_nothing(tmp_path):
    with small_disk(tmp_path / "mounted", "256k") as place:
        store = open_store(place / "store")
        assert store.put_new("small", b"x" * 1000)
        with pytest.raises(StoreUnwritable, match=r"No space left.*free space"):
            store.put_new(KEY, b"x" * 1_000_000)
        with pytest.raises(StoreUnwritable, match="No space left"):
            store.put_checkpoint("small", b"x" * 1_000_000)
        assert store.list() == ["small"]
        assert store.get("small") == b"x" * 1000
        assert hidden(store) == []
        store.delete("small")
        assert store.put_new(KEY, b"x" * 100_000), "and it goes on when there is room"


def test_a_read_only_store_is_unwritable_but_readable(tmp_path):
    with small_disk(tmp_path / "mounted", "1m") as place:
        store = open_store(place / "store")
        store.put_new("a", b"1")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        for write in (
            lambda: store.put_new("b", b"2"),
            lambda: store.put_checkpoint("a", b"2"),
            lambda: store.delete("a"),
            store.check_writable,
        ):
            with pytest.raises(StoreUnwritable, match="cannot be written"):
                write()
        assert store.put_new("a", b"2") is False
        assert store.get("a") == b"1"
        assert store.now_s() > 0


def test_a_store_that_is_unmounted_or_moved_is_not_an_empty_one(store, tmp_path):
    """Nothing is made anew in its place, and what was there is not called missing."""
    store.put_new(KEY, b"1")
    calls = (
        lambda: store.get(KEY),
        lambda: store.exists(KEY),
        lambda: store.list("scores/"),
        lambda: store.entries(),
        lambda: store.sizes("commits"),
        lambda: store.put_new("commits/a", b""),
        lambda: store.put_checkpoint(KEY, b""),
    )
    store.root.rename(tmp_path / "away")
    for call in calls:
        with pytest.raises(StoreUnwritable, match="is gone") as met:
            call()
        assert met.value.passing == f"the store's folder {store.url} is gone"
    assert not store.root.exists()
    (tmp_path / "away").rename(store.root)
    assert store.get(KEY) == b"1"
    assert store.list("commits/") == []


def test_a_store_that_is_not_made_yet_is_empty(store):
    assert store.list() == []
    assert not store.exists(KEY)
    assert store.sizes() == {}
    assert store.put_new(KEY, b"1")


def test_a_folder_that_gc_removes_meanwhile_is_made_again(store, monkeypatch):
    opened = os.open
    vanished = []

    def vanish(path, *rest):
        if ".tmp-" in str(path) and not vanished:
            vanished.append(path)
            Path(path).parent.rmdir()
        return opened(path, *rest)

    store.put_new("fits/f/a/x", b"1")
    (store.root / "fits/f/b").mkdir()
    monkeypatch.setattr(os, "open", vanish)
    assert store.put_new("fits/f/b/x", b"1")
    assert vanished


def test_the_time_is_the_file_systems(store):
    store.put_new("a", b"")
    [entry] = store.entries()
    assert abs(store.now_s() - entry.modified_s) < 5
    assert store.list() == ["a"]


def test_30_000_files_are_listed_without_a_question_for_each(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    for fit in range(480):
        folder = tmp_path / "scores" / f"npr-s0-{fit:016x}"
        folder.mkdir(parents=True)
        for piece in range(64):
            os.close(os.open(folder / f"e8-{piece:016x}.parquet", os.O_CREAT | os.O_WRONLY))
    asked = Counter()

    class Entry:
        """One of a listing, which tells when it is asked for more than its name and kind."""

        def __init__(self, entry):
            self.entry = entry

        def __getattr__(self, name):
            asked[name] += 1
            return getattr(self.entry, name)

    @contextlib.contextmanager
    def scandir(folder):
        asked["scandir"] += 1
        with listing(folder) as entries:
            yield map(Entry, entries)

    def counted(call):
        def counting(*arguments, **named):
            asked["stat"] += 1
            return call(*arguments, **named)

        return counting

    listing = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "stat", counted(os.stat))
    monkeypatch.setattr(os, "lstat", counted(os.lstat))
    assert len(store.list("scores/")) == 30_720
    assert asked["scandir"] == 481
    assert asked["stat"] < 10
