"""A command in a terminal as a person has it: what its screen shows, and keys to press.

Pipes hide what breaks there: a display is drawn, colours and widths are asked for, Ctrl-C reaches
every process of the foreground group.
"""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import ptyprocess
import pyte

CTRL_C = "\x03"


class Terminal:
    """A command in a pseudo-terminal of its own, and the screen that it draws.

    Args:
        command: the program and its arguments.
        columns: width of the screen.
        rows: height of the screen.
        cwd: the working directory.
        env: the environment.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        columns: int = 100,
        rows: int = 40,
        cwd: Path | None = None,
        env: Mapping[str, str],
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=100_000, ratio=1.0)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.began = time.monotonic()
        self.first_output_s: float | None = None
        self.process = ptyprocess.PtyProcess.spawn(
            [str(part) for part in command],
            cwd=None if cwd is None else str(cwd),
            env={**env, "TERM": "xterm-256color"},
            dimensions=(rows, columns),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = self.process.read(65536)
            except EOFError:
                return
            if self.first_output_s is None:
                self.first_output_s = time.monotonic() - self.began
            with self._lock:
                self._stream.feed(data)

    def lines(self) -> list[str]:
        """What stands on the screen and what has scrolled out above it, without empty lines."""
        with self._lock:
            above = [
                "".join(line[column].data for column in range(self._screen.columns))
                for line in self._screen.history.top
            ]
            shown = [line.rstrip() for line in (*above, *self._screen.display)]
        return [line for line in shown if line]

    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines())

    def wait_for(self, pattern: str, seconds: float = 120.0) -> re.Match[str]:
        """Wait until the screen shows something that matches a regular expression."""
        until = time.monotonic() + seconds
        while True:
            over = not self._reader.is_alive()
            found = re.search(pattern, self.text(), re.MULTILINE)
            if found:
                return found
            if over or time.monotonic() > until:
                why = "the command ended" if over else f"{seconds:.0f} s passed"
                raise AssertionError(f"{why} and no {pattern!r} was shown:\n{self.text()}")
            time.sleep(0.05)

    def press(self, keys: str) -> None:
        """Type."""
        self.process.write(keys.encode())

    def wait(self, seconds: float = 120.0) -> int:
        """Wait for the command's end and return its exit code."""
        self._reader.join(seconds)
        assert not self._reader.is_alive(), f"still running after {seconds:.0f} s:\n{self.text()}"
        code: int = self.process.wait()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close(force=True)
