"""Outages of the store in the midst of a run, made by real file systems and a real S3 server.

With patience the run goes on by itself; without, it ends with 3 and the same command goes on.
Either way the logits are those of a quiet run, nothing committed is made again, and no trial is
blamed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import ClassVar

import pytest
from repository import ROOT
from score_digests import digests
from small_disk import small_disk

from grid.records.attempts import begun_fits
from grid.records.commits import committed_fits
from grid.records.failures import read_failures
from grid.store.opening import open_store

pytestmark = pytest.mark.slow
TIMES = range(3)
PIECES = 2 * 4 * 2  # fits x pools x degradations
HELD_S = 4.0
"""An outage of a disk; several tries meet it."""


@pytest.fixture(autouse=True)
def nothing_runs_on():
    """A test that fails leaves no run behind; a Ray of its own goes with the driver."""
    yield
    while CrossgenRun.begun:
        CrossgenRun.begun.pop().kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of all tests here, with a cache of its own."""
    place = tmp_path_factory.mktemp("outages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSGEN_CACHE", str(place / "cache"))
        yield place


@pytest.fixture(scope="module")
def experiment(folder, make_genimage):
    make_genimage(folder / "images", {"g1": 1, "g2": 2})
    file = folder / "outage.yaml"
    file.write_text(
        """
schema: 1
name: outage
data: {g: {root: images}}
test: {sets: [g], degradations: [none, "jpeg(75)"]}
seeds: [0]
arms:
  - {name: a, detector: simple_cnn, simple_cnn.size: tiny, train: {each: g},
     input: {train: "random_crop(16, step=2) | hflip", test: none},
     recipe: {base: small, epochs: 6, batch_size: 8}}
"""
    )
    return file


class CrossgenRun:
    """A running `crossgen run`, with what it says in a file."""

    begun: ClassVar[list[subprocess.Popen]] = []

    def __init__(self, file, store, log, *, patience_s, ray=False):
        how = ["--slots", "2"] if ray else ["--no-ray"]
        self.log = log
        with log.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "launch", "run", file, "--store", store.url, *how],
                cwd=ROOT,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={
                    **os.environ,
                    "OMP_NUM_THREADS": "1",
                    "PYTHONPATH": str(ROOT),
                    "CROSSGEN_STORE_PATIENCE": str(patience_s),
                },
            )

        self.begun.append(self.process)

    def comes_to(self, condition, seconds=180.0):
        """Wait until a condition holds, or the process has ended."""
        until = time.monotonic() + seconds
        while not condition() and self.process.poll() is None:
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.01)

    @contextlib.contextmanager
    def frozen(self):
        """Stop it in its tracks; on Ray the driver only."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def counts(self, words):
        """How often it has said something."""
        return self.log.read_text().count(words)

    def ends_with(self, code):
        assert self.process.wait(timeout=300) == code, self.log.read_text()


def committed(store):
    """Committed files and when they were written, with the attempts of committed fits."""
    files = {
        entry.key: (entry.bytes, entry.modified_s)
        for name in ("commits", "scores")
        for entry in store.entries(name)
        if not entry.temporary
    }
    attempts = {
        fit_id: {key.split("/")[2] for key in store.list(f"fits/{fit_id}/")}
        for fit_id in committed_fits(store)
    }
    return files, attempts


def unharmed(store, before):
    """What was committed is untouched, each fit of it has one attempt's files, nobody is blamed."""
    files, attempts = committed(store)
    assert {key: files.get(key) for key in before[0]} == before[0]
    assert {fit: attempts.get(fit) for fit in before[1]} == before[1]
    assert read_failures(store) == []


def as_if_nothing_had_been(store, expected, *, in_one_go=True):
    """The logits are those of the quiet run, no trial is blamed or, in one go, begun again."""
    assert digests(store) == expected
    assert len(expected) == PIECES
    assert read_failures(store) == []
    if in_one_go:
        assert all(len(attempts) == 1 for attempts in committed(store)[1].values())


@pytest.fixture(scope="module")
def expected(experiment, folder):
    """The digests of a quiet run."""
    quiet = open_store(folder / "quiet")
    CrossgenRun(experiment, quiet, folder / "quiet.log", patience_s=0).ends_with(0)
    return digests(quiet)


MOMENTS = (
    lambda store: any("checkpoint" in key for key in store.list("fits/")),
    lambda store: committed_fits(store),
    lambda store: len(store.list("scores/")) >= 3,
)
"""In the midst of a training; after a commit; in the midst of the scoring."""


@contextlib.contextmanager
def full(place):
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield "No space left on device"
    filler.unlink()


@contextlib.contextmanager
def read_only(place):
    def remounted(how):
        command = ["mount", "-o", f"remount,{how}", str(place)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert remounted("ro"), "a file is open for writing"
    yield "Read-only file system"
    assert remounted("rw")


@contextlib.contextmanager
def gone(place):
    """Unmounted, as it looks from above: an empty folder in the store's place, or none."""
    (place / "store").rename(place / "away")
    yield "is gone"
    (place / "away").rename(place / "store")


OUTAGES = {"full": full, "read-only": read_only, "gone": gone}


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_run_waits_for_its_disk_three_times(experiment, expected, tmp_path, outage):
    with small_disk(tmp_path / "disk", "20m") as place:
        store = open_store(place / "store")
        run = CrossgenRun(experiment, store, tmp_path / "log", patience_s=120)
        for number, moment in enumerate(MOMENTS, start=1):
            with disk_outage(run, moment, store, place, outage) as (before, words):
                run.comes_to(lambda n=number: run.counts("waiting up to 2 min") == n)
                assert run.counts(words) >= number
                time.sleep(HELD_S)
                assert run.process.poll() is None
            run.comes_to(lambda n=number: run.counts("the store answers again") == n)
            unharmed(store, before)
        run.ends_with(0)
        assert run.counts("waiting up to") == run.counts("answers again") == len(MOMENTS)
        as_if_nothing_had_been(store, expected)


@contextlib.contextmanager
def disk_outage(run, moment, store, place, outage):
    """At a moment of the run its disk fails, for as long as the block lasts."""
    for _ in range(1000):
        run.comes_to(lambda: moment(store))
        assert run.process.poll() is None, run.log.read_text()
        with run.frozen(), contextlib.ExitStack() as stack:
            before = committed(store)
            try:
                words = stack.enter_context(OUTAGES[outage](place))
            except AssertionError:
                continue
            kept = stack.pop_all()
        with kept:
            yield before, words
        return


@pytest.mark.parametrize("outage", OUTAGES)
def test_without_patience_it_ends_with_3_and_the_same_command_goes_on(
    experiment, expected, tmp_path, outage
):
    with small_disk(tmp_path / "disk", "20m") as place:
        store = open_store(place / "store")
        for number, moment in enumerate(MOMENTS):
            run = CrossgenRun(experiment, store, tmp_path / f"log{number}", patience_s=0)
            with disk_outage(run, moment, store, place, outage) as (before, words):
                run.ends_with(3)
                assert run.counts("the store failed, no trial is blamed for it") == 1
                assert run.counts(words)
            unharmed(store, before)
        CrossgenRun(experiment, store, tmp_path / "last", patience_s=0).ends_with(0)
        unharmed(store, before)
        as_if_nothing_had_been(store, expected, in_one_go=False)


@pytest.mark.ray
def test_trials_on_ray_wait_for_a_full_disk_three_times(experiment, expected, tmp_path):
    """Two workers and the driver wait; it is said once."""
    with small_disk(tmp_path / "disk", "20m") as place:
        store = open_store(place / "store")
        run = CrossgenRun(experiment, store, tmp_path / "log", patience_s=120, ray=True)
        for number, moment in enumerate(MOMENTS, start=1):
            run.comes_to(lambda at=moment: at(store))
            assert run.process.poll() is None, run.log.read_text()
            with full(place) as words:
                before = committed(store)
                run.comes_to(lambda n=number: run.counts("waiting up to 2 min") == n)
                assert run.counts(words)
                time.sleep(HELD_S)
                assert run.process.poll() is None
            run.comes_to(lambda n=number: run.counts("the store answers again") == n)
            unharmed(store, before)
        run.ends_with(0)
        as_if_nothing_had_been(store, expected)


def test_a_stop_signal_ends_the_waiting_with_75(experiment, expected, tmp_path):
    with small_disk(tmp_path / "disk", "20m") as place:
        store = open_store(place / "store")
        run = CrossgenRun(experiment, store, tmp_path / "log", patience_s=600)
        with disk_outage(run, MOMENTS[0], store, place, "full"):
            run.comes_to(lambda: run.counts("waiting up to 10 min"))
            run.process.send_signal(signal.SIGTERM)
            run.ends_with(75)
            assert run.counts("stopped without a last checkpoint") == 1
        CrossgenRun(experiment, store, tmp_path / "again", patience_s=0).ends_with(0)
        as_if_nothing_had_been(store, expected, in_one_go=False)


@pytest.fixture
def s3_store(s3_server, tmp_path):
    s3_server.quiet()
    yield open_store(f"s3://bucket/{tmp_path.name}")
    s3_server.quiet()


@pytest.mark.parametrize("time_of_it", TIMES)
@pytest.mark.parametrize("fault", ["refused", "dropped"])
def test_a_run_on_s3_comes_through_faults_of_30_percent_of_puts(
    experiment, expected, tmp_path, s3_server, s3_store, fault, time_of_it
):
    """For the whole run: 503 to 30 % of PUTs, or 30 % done and the line cut before the answer."""
    s3_server.chance.seed(time_of_it)
    setattr(s3_server, fault, 0.3)
    run = CrossgenRun(experiment, s3_store, tmp_path / "log", patience_s=0)
    run.ends_with(0)
    assert s3_server.served >= 5
    s3_server.quiet()
    as_if_nothing_had_been(s3_store, expected)


def test_a_run_waits_three_times_for_an_s3_that_refuses_every_put(
    experiment, expected, tmp_path, s3_server, s3_store
):
    """Longer than a single request is repeated."""
    run = CrossgenRun(experiment, s3_store, tmp_path / "log", patience_s=120)
    for number, moment in enumerate(MOMENTS, start=1):
        run.comes_to(lambda at=moment: at(s3_store))
        assert run.process.poll() is None, run.log.read_text()
        s3_server.refused = 1.0
        before = committed(s3_store)
        run.comes_to(lambda n=number: run.counts("waiting up to 2 min") == n)
        s3_server.quiet()
        run.comes_to(lambda n=number: run.counts("the store answers again") == n)
        unharmed(s3_store, before)
    run.ends_with(0)
    as_if_nothing_had_been(s3_store, expected)


def test_without_patience_an_s3_that_refuses_every_put_ends_it_with_3(
    experiment, expected, tmp_path, s3_server, s3_store
):
    run = CrossgenRun(experiment, s3_store, tmp_path / "log", patience_s=0)
    run.comes_to(lambda: begun_fits(s3_store))
    s3_server.refused = 1.0
    before = committed(s3_store)
    run.ends_with(3)
    s3_server.quiet()
    CrossgenRun(experiment, s3_store, tmp_path / "again", patience_s=0).ends_with(0)
    unharmed(s3_store, before)
    as_if_nothing_had_been(s3_store, expected, in_one_go=False)


@pytest.mark.ray
def test_a_run_on_ray_leaves_its_results_on_s3(experiment, expected, tmp_path, s3_store):
    run = CrossgenRun(experiment, s3_store, tmp_path / "log", patience_s=0, ray=True)
    run.ends_with(0)
    as_if_nothing_had_been(s3_store, expected)
    before = committed(s3_store)
    CrossgenRun(experiment, s3_store, tmp_path / "again", patience_s=0, ray=True).ends_with(0)
    assert committed(s3_store) == before
