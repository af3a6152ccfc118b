"""A table as CSV in full precision: a column for each value, and beside it what is known of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from analysis.tables.table import Table, TableCell
from analysis.tables.written import is_numeric

_BESIDE = {"sd": "sd", "low": "low", "high": "high", "mark": "mark", "text": "sign"}


def as_csv(table: Table) -> str:
    """Return heads and rows; values are shares of 1, and empty where missing or undefined.

    A column of values `auc` has `auc_sd`, `auc_low`, `auc_high`, `auc_mark` and `auc_sign` beside
    it, each where any row has it.
    """
    columns = [column for n in range(len(table.heads)) for column in _columns(table, n)]
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([head for head, _ in columns])
    writer.writerows(zip(*(values for _, values in columns), strict=True))
    return written.getvalue()


def _columns(table: Table, n: int) -> Iterator[tuple[str, list[str]]]:
    cells = [row[n] for row in table.rows]
    head = table.heads[n]
    if not is_numeric(table, n):
        yield head, [cell.text if cell.value is None else repr(cell.value) for cell in cells]
        return
    yield head, [_exact(cell.value) for cell in cells]
    for name, said in _BESIDE.items():
        beside = ["" if cell.value is None else _beside(cell, name) for cell in cells]
        if any(beside):
            yield f"{head}_{said}", beside


def _beside(cell: TableCell, name: str) -> str:
    found = getattr(cell, name)
    return found if isinstance(found, str) else _exact(found)


def _exact(value: float | None) -> str:
    """Write a number so that reading it gives the same one."""
    return "" if value is None else repr(float(value))
