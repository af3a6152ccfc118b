"""What is said when something is refused: the value, why it is wrong, what to do; all at once."""

from __future__ import annotations

from collections.abc import Iterable

from data.refusals import Problem, Refused
from data.suggestions import did_you_mean

__all__ = ["Problem", "Problems", "Refused", "did_you_mean"]


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
