"""What a check of a printed table gives: a verdict, the numbers, and what would explain them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.tables.printed.printed_table import PrintedNumber

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


def written_like(printed: PrintedNumber, share: float) -> str:
    """Write a share as the printed number that it stands beside: of 1 (.478) or in percent."""
    try:
        is_share = abs(float(printed.text) - printed.value) < abs(printed.value)
    except ValueError:
        is_share = False
    return f"{share:.4f}" if is_share else points(share)
