"""Output that goes away: a closed pipe or a full disk behind it ends no run and blames no trial."""

from __future__ import annotations

import errno
import io
import os
import sys
from dataclasses import dataclass
from typing import TextIO


class _Forgiving(io.FileIO):
    """A file descriptor for writing; what it cannot take any more is dropped, and remembered."""

    lost: OSError | None = None

    def write(self, data: object) -> int:
        if self.lost is None:
            try:
                return super().write(data) or 0  # type: ignore[arg-type]
            except BlockingIOError:
                raise
            except OSError as error:
                self.lost = error
        return len(memoryview(data))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Output:
    """The command's standard output and error, as they are while it runs."""

    out: _Forgiving
    err: _Forgiving

    def unwritten(self) -> str:
        """Why an answer on stdout is not whole, "" where it is or where nobody reads on.

        A closed pipe is a reader who has seen enough (`| head`).
        """
        sys.stdout.flush()
        lost = self.out.lost
        return "" if lost is None or lost.errno == errno.EPIPE else lost.strerror or str(lost)


def guard_output() -> Output:
    """Let stdout and stderr go away without an error; for a command's own process."""
    for number in (1, 2):
        try:
            os.fstat(number)
        except (
            OSError
        ):  # closed by who called us: else the next file that is opened takes its place
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    out, err = _Forgiving(1, "w", closefd=False), _Forgiving(2, "w", closefd=False)
    sys.stdout = _text(out, sys.stdout, at_once=False)
    sys.stderr = _text(err, sys.stderr, at_once=True)
    return Output(out, err)


def _text(raw: _Forgiving, former: TextIO | None, *, at_once: bool) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=former.encoding if former is not None else "utf-8",
        errors="backslashreplace",
        line_buffering=at_once or os.isatty(raw.fileno()),
    )
