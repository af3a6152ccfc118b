"""Whether what stands out as best of its column is best."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.tables.checks.check_result import CheckResult
from analysis.tables.printed.printed_table import PrintedTable, title_of


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Check the columns of tables that compare rows and mark some, not all, of a column's values.

    In a table of one row a mark only emphasises.
    """
    places = dict.fromkeys(
        (line.block, line.test_set, rate) for line in table.lines for rate in line.rates
    )
    for block, test_set, rate in places:
        lines = [
            line
            for line in table.lines
            if line.row and (line.block, line.test_set) == (block, test_set) and rate in line.rates
        ]
        marked = [line for line in lines if rate in line.marked]
        if not marked or len(marked) == len(lines):
            continue
        best = max(lines, key=lambda line: line.rates[rate].value)
        worst = min(marked, key=lambda line: line.rates[rate].value)
        fits = worst.rates[rate].value >= best.rates[rate].value - 1e-9
        where = ", ".join(each for each in (block, test_set or "overall", title_of(rate)) if each)
        yield CheckResult(
            check="best",
            where=where,
            verdict="consistent" if fits else "inconsistent",
            said=f"marked: {worst.row} {worst.rates[rate].text}"
            + ("" if fits else f"; higher: {best.row} {best.rates[rate].text}"),
        )
