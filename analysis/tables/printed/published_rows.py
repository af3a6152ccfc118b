"""Published results in crossgen's own form as a printed table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from analysis.tables.printed.printed_table import PrintedLine, PrintedTable, printed_number
from analysis.tables.printed.table_layout import is_own, joined


def printed_of(source: str, rows: Iterable[Mapping[str, Any]]) -> PrintedTable:
    """Return the rows of a published table, each with its test sets and its mean.

    YAML keeps no zero at a number's end, so all cells of a row have the digits of the longest.

    Args:
        source: paper or repository.
        rows: detector, options, train, dataset, degradation, equalise, metric, percent by
            generator, mean.
    """
    lines: dict[tuple[str, str], PrintedLine] = {}
    for row in rows:
        name = _name(row)
        decimals = max((_decimals(each) for each in row["percent"].values()), default=0)
        printed = {
            generator: printed_number(repr(percent), decimals, in_percent=True)
            for generator, percent in row["percent"].items()
        }
        if row["mean"] is not None:
            own = max(_decimals(row["mean"]), min(decimals, 1))
            printed[""] = printed_number(repr(row["mean"]), own, in_percent=True)
        for test_set, number in printed.items():
            made = PrintedLine(
                row=name,
                test_set=test_set,
                rates={row["metric"]: number},
                # Degraded images of it are not what was trained on.
                is_own=row["degradation"] == "none" and is_own(row["train"], test_set),
            )
            lines[name, test_set] = joined(lines.get((name, test_set)), made)
    return PrintedTable(title=source, lines=tuple(lines.values()))


def _name(row: Mapping[str, Any]) -> str:
    """Name a row by all that tells it from others, so that no two become one."""
    options = [f"{key}={value}" for key, value in row["options"].items()]
    views = [row[key] for key in ("degradation", "equalise") if row[key] != "none"]
    return ", ".join(
        [row["detector"], *options, f"trained on {row['train']}", row["dataset"], *views]
    )


def _decimals(value: float) -> int:
    """Count the decimals of a number as a person would write it: 98.4 has one, 100.0 none."""
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])
