"""What a check says: all is well, this may trouble you, or this will fail; and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Diagnosis:
    """One check's answer.

    Attributes:
        level: a problem makes runs fail or their results wrong; a warning is to be known.
        seen: what was found, in words.
        mend: what to do, "" where nothing is to be done.
        details: lines below, such as what each node said.
    """

    level: Level
    seen: str
    mend: str = ""
    details: tuple[str, ...] = ()


def fine(seen: str) -> Diagnosis:
    """Say that all is well, and what was seen."""
    return Diagnosis("ok", seen)


def doubtful(seen: str, mend: str, details: Sequence[str] = ()) -> Diagnosis:
    """Warn of what may trouble a run."""
    return Diagnosis("warning", seen, mend, tuple(details))


def broken(seen: str, mend: str, details: Sequence[str] = ()) -> Diagnosis:
    """Tell of what makes runs fail, or their results wrong."""
    return Diagnosis("problem", seen, mend, tuple(details))
