"""What findings are called: their keys, and their sides."""

from __future__ import annotations

from analysis.comparing.question import Question
from analysis.comparing.sides import Sides


def key_of(question: Question, sides: Sides, more: str = "") -> str:
    """Return what tells a finding from every other of the experiment."""
    where = ",".join(f"{key}={'|'.join(values)}" for key, values in question.where.items())
    parts = (
        question.key,
        sides.a.name.partition("=")[2] or sides.a.name,
        sides.b.name.partition("=")[2] or sides.b.name,
        *(question.metric, question.on, question.claim, where, sides.stratum, more),
    )
    return "/".join(each for each in parts if each)


def side_name(key: str, level: str) -> str:
    """Name a level: a detector, arm or matrix by its own name, any other setting with it."""
    return level if key in ("detector", "arm", "matrix") else f"{key}={level}"


def side_in_stratum(sides: Sides) -> str:
    """Name the first side, with the shared settings where there are several such pairs."""
    return f"{sides.a.name} ({sides.stratum})" if sides.stratum else sides.a.name
