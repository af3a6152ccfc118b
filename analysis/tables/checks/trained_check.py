"""Generators that a detector was trained on and hardly finds."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.tables.checks.check_result import CheckResult
from analysis.tables.printed.printed_table import PrintedTable, title_of

LEAST = 0.8
"""Detectors reach 98 % and more on generators that they were trained on."""


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Name each accuracy and AUC below 80 % on a row's own generator."""
    for line in table.lines:
        for rate in ("accuracy", "auc"):
            printed = line.rates.get(rate)
            if line.is_own and line.row and printed and printed.value < LEAST:
                yield CheckResult(
                    check="trained",
                    where=line.name,
                    verdict="doubtful",
                    said=f"{title_of(rate)} {printed.text} on a generator that it was trained on",
                    explanation="labels or folders mixed up, or it was not trained on it",
                )
