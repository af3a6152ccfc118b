"""Rows that are printed twice under two names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from analysis.tables.checks.check_result import CheckResult
from analysis.tables.printed.printed_table import PrintedTable

CELLS_AT_LEAST = 3


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Name pairs of rows with three cells or more that are the same in every one."""
    rows = {
        lines[0].row: {
            (line.test_set, rate): each.value for line in lines for rate, each in line.rates.items()
        }
        for _, lines in table.rows()
        if lines
    }
    for (one, cells), (other, others) in combinations(rows.items(), 2):
        if len(cells) >= CELLS_AT_LEAST and cells == others:
            yield CheckResult(
                check="duplicates",
                where=f"{one} and {other}",
                verdict="doubtful",
                said=f"all {len(cells)} numbers are the same",
                explanation="one row was copied, or both are of one model",
            )
