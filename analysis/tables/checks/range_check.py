"""Shares of images outside 0 to 100 %."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.tables.checks.check_result import CheckResult
from analysis.tables.printed.printed_table import PrintedTable, title_of


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Name each rate that no share can be."""
    for line in table.lines:
        for rate, printed in line.rates.items():
            if not -1e-9 <= printed.value <= 1 + 1e-9:
                yield CheckResult(
                    check="range",
                    where=line.name,
                    verdict="inconsistent",
                    said=f"{title_of(rate)} {printed.text} is no share of 100 %",
                )
