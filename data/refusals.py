"""A refusal: the value, why it is wrong, what to do; one type from the data to the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, in three parts.

    `details` are lines to show below, such as what was found instead.
    """

    what: str
    why: str
    mend: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        sentence = f"{self.complaint} {_ended(self.mend)}"
        return "\n    ".join([sentence, *self.details])

    @property
    def complaint(self) -> str:
        """What is wrong, without what to do."""
        return f"{self.what}: {_ended(self.why)}"


class Refused(ValueError):
    """What cannot be done as it was asked for. Carries every problem that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def because(cls, what: str, why: str, mend: str, details: Sequence[str] = ()) -> Self:
        """Return a refusal of one thing, in its three parts."""
        return cls([Problem(what=what, why=why, mend=mend, details=tuple(details))])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


LONGEST_GROUP = 20
"""So many complaints of one mend are shown; the rest are counted."""


def in_words(problems: Sequence[Problem]) -> list[str]:
    """Each problem as text; what is to be done about several is said once, below the last."""
    alike: dict[str, list[Problem]] = {}
    for problem in problems:
        key = str(problem) if problem.details else problem.mend
        alike.setdefault(key, []).append(problem)
    lines = []
    for group in alike.values():
        if len(group) == 1:
            lines.append(str(group[0]))
            continue
        lines += [problem.complaint for problem in group[:LONGEST_GROUP]]
        if len(group) > LONGEST_GROUP:
            lines.append(f"... and {len(group) - LONGEST_GROUP:,} more like it")
        lines[-1] += f"\n    For these {len(group)}: {_ended(group[0].mend)}"
    return lines


def _ended(text: str) -> str:
    """Return a text with one full stop; what is written in three dots keeps them."""
    return text if text.endswith(".") else f"{text}."
