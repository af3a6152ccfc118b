"""The last line of a job's log: crossgen's exit code, in a fixed form."""

from __future__ import annotations

import re

_LINE = re.compile(r"^crossgen ended with exit code (\d{1,3})$", re.MULTILINE)


def last_line(code: int) -> str:
    """Return the line that tells an exit code."""
    return f"crossgen ended with exit code {code}"


def told_exit_code(log: str) -> int | None:
    """Return the exit code that the end of a log tells, None where it tells none.

    Only the last line that is not empty counts: a log may quote another job's.
    """
    lines = log.rstrip().rsplit("\n", 1)
    found = _LINE.fullmatch(lines[-1]) if lines else None
    return int(found[1]) if found else None
