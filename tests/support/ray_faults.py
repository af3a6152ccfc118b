"""One experiment on the hosts of `ray_hosts`, something that happens to it, and what must hold."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kept_files import Ledger
from ray_hosts import RayHosts, kill, pid_of
from repository import ROOT
from score_digests import digests

from grid.records.commits import committed_fits
from grid.records.failures import read_failures
from grid.store.base import Store

EXPERIMENT = """
schema: 1
name: faults
data: {g: {root: images}}
test: {sets: [g], degradations: [none, "jpeg(75)"]}
seeds: [0, 1]
arms:
  - {name: a, detector: simple_cnn, simple_cnn.size: tiny, train: {each: g},
     input: {train: "random_crop(16, step=2) | hflip", test: none},
     recipe: {base: small, epochs: 40, batch_size: 8}}
"""
FITS = 4
CELLS = "SELECT fit_id, test_set, degradation, n_real, n_fake, auc FROM cells ORDER BY ALL"


class Scene:
    """A run of an experiment into one store, by the same command as often as it takes."""

    def __init__(self, hosts: RayHosts, file: Path, store: Store) -> None:
        self.hosts, self.file, self.store = hosts, file, store
        self.ledger = Ledger(store)
        self.drivers: list[subprocess.Popen[str]] = []

    def drive(self, host: int = 1) -> subprocess.Popen[str]:
        """The command, on a host."""
        words = ["python", "-m", "launch", "run", self.file, "--store", self.store.url]
        driver = self.hosts.start(host, *words)
        self.drivers.append(driver)
        return driver

    def until(self, condition: Callable[[], object], seconds: float = 150) -> None:
        """Wait, with an eye on the store; the run goes on meanwhile."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"it did not come to that: {self._said()}"
            ended = [driver for driver in self.drivers if driver.poll() is not None]
            assert not ended, f"the run has ended: {self._said()}"
            self.ledger.look()
            time.sleep(0.5)

    def trains_on(self, host: int) -> None:
        """Wait for a worker on a host, and for a checkpoint of every trial that is at work."""
        self.until(lambda: len(self.store.list("fits")) >= 3 and self.hosts.trial_workers(host))

    def ends(self, driver: subprocess.Popen[str], code: int, seconds: float = 240) -> str:
        """Wait for a driver's own end; return what it said."""
        said, _ = driver.communicate(timeout=seconds)
        self.drivers.remove(driver)
        self.ledger.look()
        assert driver.returncode == code, said
        return said

    def kill(self, driver: subprocess.Popen[str]) -> None:
        kill(pid_of(driver))
        driver.communicate(timeout=60)
        self.drivers.remove(driver)

    def finish(self, host: int = 1, code: int = 0) -> str:
        """The same command again, until it says that it is through."""
        return self.ends(self.drive(host), code)

    def lost(self) -> set[str]:
        """The kinds of failures that are on record."""
        return {failure["kind"] for failure in read_failures(self.store)}

    def equals(self, quiet: Store, fits: int = FITS) -> None:
        """Every piece is there once, with the logits of a run that nothing happened to."""
        self.ledger.look()
        mine, expected = digests(self.store), digests(quiet)
        assert mine == expected
        assert len(committed_fits(self.store)) == fits
        assert cells(self.store) == cells(quiet)

    def close(self) -> None:
        for driver in self.drivers:
            if driver.poll() is None:
                self.kill(driver)

    def _said(self) -> str:
        ended = [driver for driver in self.drivers if driver.poll() is not None]
        return "\n".join(driver.communicate()[0] for driver in ended) or "nothing yet"


@contextmanager
def scene(hosts: RayHosts, file: Path, store: Store) -> Iterator[Scene]:
    """A scene on whole hosts, without processes of it afterwards."""
    hosts.make_whole()
    here = Scene(hosts, file, store)
    try:
        yield here
    finally:
        here.close()


def cells(store: Store) -> str:
    """The numbers of a store, as a person asks for them."""
    return crossgen("query", CELLS, "--store", store.url, "--csv")


def crossgen(*words: object) -> str:
    """A command on this machine, without Ray."""
    done = subprocess.run(
        [sys.executable, "-m", "launch", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
