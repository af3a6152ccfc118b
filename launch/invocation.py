"""How the command was called: what a run must know of it to end as it should."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Invocation:
    """One call of `crossgen`.

    Attributes:
        same_command: the words that go on with what is left unfinished, for a shell.
        own_process: whether the process is there for this call alone, and may be left at once.
    """

    same_command: str
    own_process: bool = False
