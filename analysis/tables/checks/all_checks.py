"""All checks of a printed table, in the order in which their results are told."""

from __future__ import annotations

from analysis.tables.checks import (
    best_check,
    bounds_check,
    counts_check,
    duplicates_check,
    granularity_check,
    overall_check,
    range_check,
    rates_check,
    trained_check,
)
from analysis.tables.checks.check_result import CheckResult
from analysis.tables.printed.printed_table import PrintedTable

_CHECKS = (
    range_check,
    counts_check,
    granularity_check,
    rates_check,
    bounds_check,
    overall_check,
    best_check,
    trained_check,
    duplicates_check,
)


def checked(table: PrintedTable) -> list[CheckResult]:
    """Return what every check says of a table; none where nothing of it can be checked."""
    return [result for each in _CHECKS for result in each.check(table)]
