"""What says that a stop signal was heard does not go on with a line that moves."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STOPPED = """
import os, signal, sys
from contextlib import suppress
from grid.run.stopping import interruptible
sys.stderr.write("reading images 3/9")
sys.stderr.flush()
with suppress(KeyboardInterrupt), interruptible():
    os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        ("xterm", b"reading images 3/9\r\x1b[KSIGINT: stopping\r\n"),
        ("dumb", b"reading images 3/9SIGINT: stopping\r\n"),
    ],
)
def test_a_line_that_moves_is_written_over_where_it_can_be(term: str, shown: bytes) -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": term}
    subprocess.run([sys.executable, "-c", STOPPED], stderr=theirs, cwd=ROOT, env=env, check=True)
    said = os.read(ours, 1000)
    os.close(ours)
    os.close(theirs)
    assert said == shown


def test_no_terminal_is_no_place_for_its_codes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED], stderr=subprocess.PIPE, cwd=ROOT, check=True
    )
    assert done.stderr == b"reading images 3/9SIGINT: stopping\n"
