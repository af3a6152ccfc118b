"""What a check of a printed table gives: a verdict, the numbers, and what would explain them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["consistent", "doubtful", "inconsistent"]
"""`doubtful`: possible, but only if something holds that the table does not say."""


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One check of one place; `said` has the numbers, `explanation` what would make them right."""

    check: str
    where: str
    verdict: Verdict
    said: str
    explanation: str = ""


def points(share: float, digits: int = 2) -> str:
    """Write a share in percent, as it stands beside a printed number."""
    return f"{100 * share:.{digits}f}"
