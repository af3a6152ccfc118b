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
        sentence = f"{self.what}: {_ended(self.why)} {_ended(self.mend)}"
        return "\n    ".join([sentence, *self.details])


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


def _ended(text: str) -> str:
    """Return a text with one full stop; what is written in three dots keeps them."""
    return text if text.endswith(".") else f"{text}."
