"""What is said when something is refused: the value, why it is wrong, what to do; all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.suggestions import did_you_mean

__all__ = ["Problem", "Problems", "Refused", "did_you_mean"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with an experiment, in three parts.

    `details` are lines to show below, such as what was found instead.
    """

    what: str
    why: str
    mend: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n    ".join([f"{self.what}: {self.why}. {self.mend}.", *self.details])


class Refused(ValueError):
    """An experiment that cannot run as it is written. Carries every problem that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects problems, so that a user mends a file once and not once per mistake."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, what: str, why: str, mend: str, details: Iterable[str] = ()) -> None:
        """Note one problem; the same one is noted once."""
        problem = Problem(
            what=what, why=why.rstrip("."), mend=mend.rstrip("."), details=tuple(details)
        )
        if problem not in self._found:
            self._found.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note several."""
        for problem in problems:
            self.add(problem.what, problem.why, problem.mend, problem.details)

    def raise_if_any(self) -> None:
        """Raise Refused with all that was noted; do nothing when all is well."""
        if self._found:
            raise Refused(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)
