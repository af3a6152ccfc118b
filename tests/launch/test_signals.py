"""Signals to `crossgen run` on Ray at any moment: to the process and to all of its group.

Whatever comes, the exit code is 75 ("run me again") or, once all is done, 0; trials have written
their checkpoints; no process and no folder is left.
"""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from repository import ROOT

from grid.store.opening import open_store

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
ONE_OF_THEM = [pytest.param(s, marks=() if s is SIGNALS[1] else pytest.mark.slow) for s in SIGNALS]


@dataclass
class Ended:
    """How a run ended after its signal."""

    code: int
    seconds: float
    said: str


class Attacked:
    """A run in a process group of its own, as a shell or a batch system starts it."""

    def __init__(self, run, tmp_path: Path, *more: str, epochs: int = 4000) -> None:
        self.store = open_store(tmp_path / "attacked-store")
        self.log = tmp_path / "log"
        self.mark = f"attack-{time.time_ns()}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "launch", "run", str(run.file), "--slots", "1"),
                    *("--store", self.store.url, "--only", "train=g/g1"),
                    *("--set", f"arms.a.recipe.epochs={epochs}"),
                    *more,
                ],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT), "ATTACK": self.mark},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, pattern: str, seconds: float = 120.0) -> None:
        until = time.monotonic() + seconds
        while not re.search(pattern, self.log.read_text()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)

    def send(self, number: int, *, group: bool) -> Ended:
        began = time.monotonic()
        (os.killpg if group else os.kill)(self.process.pid, number)
        code = self.process.wait(120)
        return Ended(code, time.monotonic() - began, self.log.read_text())

    def folders(self) -> list[Path]:
        """What is left of the folder of its Ray, whose session bears the number of its process."""
        return list(Path("/tmp").glob(f"cg-*/session_*_{self.process.pid}"))

    def left(self) -> list[str]:
        """Processes that were started by the run and are still there."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


def check(ended: Ended, run: Attacked) -> None:
    assert ended.code == 75, (ended.code, ended.said)
    assert "Traceback" not in ended.said, ended.said
    assert run.left() == [], ended.said
    assert run.folders() == [], ended.said


@pytest.mark.ray
@pytest.mark.parametrize(
    ("number", "group", "where"),
    [
        (signal.SIGTERM, True, "starting"),
        pytest.param(signal.SIGUSR1, True, "running", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, True, "running", marks=pytest.mark.slow),
    ],
)
def test_a_signal_to_the_group_is_heeded_and_leaves_nothing(
    own_run, tmp_path, number, group, where
):
    run = Attacked(own_run, tmp_path)
    run.wait_for("starting Ray")
    if where == "running":
        until = time.monotonic() + 120
        while not run.store.list("fits/"):
            assert time.monotonic() < until, run.log.read_text()
            time.sleep(0.1)
    else:
        time.sleep(1.0)
    asked = time.time()
    ended = run.send(number, group=group)
    check(ended, run)
    assert f"{number.name}: stopping" in ended.said
    if where == "running":
        [key] = run.store.list("fits/")
        assert key.endswith("/checkpoint.safetensors")
        assert run.store.local_path(key).stat().st_mtime >= asked  # of this very stop


@pytest.mark.parametrize("number", ONE_OF_THEM)
def test_what_is_done_stays_done_whatever_comes_then(own_run, tmp_path, number):
    """Words and tidying up come after the outcome, and take their time."""
    run = Attacked(own_run, tmp_path, "--no-ray", epochs=2)
    run.wait_for("1 of 1 trials? done|1 done, 0 running of 1")
    while run.process.poll() is None:
        run.process.send_signal(number)
        if "\ndone" in run.log.read_text():
            break
        time.sleep(0.001)
    code = run.process.wait(60)
    said = run.log.read_text()
    assert (code, "\ndone" in said) in ((0, True), (75, False)), (code, said)


@pytest.mark.slow
@pytest.mark.ray
def test_a_hundred_signals_at_random_moments(own_run, tmp_path):
    """Half of them while Ray starts, to the process and to its group; the table is printed."""
    rng = np.random.default_rng(20261121)
    slowest = 0.0
    for n in range(100):
        folder = tmp_path / str(n)
        folder.mkdir()
        run = Attacked(own_run, folder)
        number, group = SIGNALS[rng.integers(3)], rng.random() < 0.5
        run.wait_for("starting Ray")
        after_s = rng.uniform(0.0, 8.0 if n % 2 else 25.0)
        time.sleep(after_s)
        assert run.process.poll() is None, run.log.read_text()
        ended = run.send(number, group=group)
        print(f"{n:3} {number.name:8} {'group' if group else 'alone'} after {after_s:5.1f} s: "
              f"{ended.code} in {ended.seconds:.1f} s")  # fmt: skip
        slowest = max(slowest, ended.seconds)
        check(ended, run)
    print(f"slowest: {slowest:.1f} s")
