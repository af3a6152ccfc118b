"""Slurm's commands as a test sees them called: each notes its words and prints what it is given."""

import json
import shlex
from pathlib import Path


class StubSlurm:
    """A folder of programs for PATH.

    Args:
        folder: made here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls = folder / "calls"
        folder.mkdir()

    def answer(self, program: str, *texts: str, code: int = 0, error: str = "") -> None:
        """Have a program print these texts, call by call, the last one for ever."""
        turns = [
            f'if [ "$n" -le {number} ]; then printf %s {shlex.quote(text)}; exit {code}; fi'
            for number, text in enumerate(texts, 1)
        ]
        lines = [
            "#!/bin/sh",
            f"printf '%s\\n' {program} \"$@\" end >>{shlex.quote(str(self._calls))}",
            f"echo >>{shlex.quote(str(self.folder / program))}.n",
            f"n=$(wc -l <{shlex.quote(str(self.folder / program))}.n)",
            f"printf %s {shlex.quote(error)} >&2",
            *turns,
            f"printf %s {shlex.quote(texts[-1] if texts else '')}; exit {code}",
        ]
        path = self.folder / program
        path.write_text("\n".join(lines))
        path.chmod(0o755)

    def calls(self, program: str) -> list[list[str]]:
        """The words of each call of a program."""
        noted = self._calls.read_text() if self._calls.exists() else ""
        calls = [call.split("\n") for call in noted.split("end\n") if call]
        return [call[1:-1] for call in calls if call[0] == program]

    def __repr__(self) -> str:
        return json.dumps(str(self.folder))
