"""A table as Markdown, best values bold and those not shown to be worse in italics."""

from __future__ import annotations

import re

from analysis.tables.table import Table, TableCell
from analysis.tables.written import format_notes, is_numeric, spread_written, value_written

_AROUND = {"best": "**", "not_worse": "*", "": ""}
_SIGNS = {"best": "**bold**:", "not_worse": "*italic*:"}


def as_markdown(table: Table) -> str:
    """Return title, table and notes; what names contain is shown and formats nothing."""
    rules = ["--:" if is_numeric(table, n) else "---" for n in range(len(table.heads))]
    lines = [
        f"**{_escaped(table.title)}**",
        "",
        _row([_escaped(head) for head in table.heads]),
        _row(rules),
        *(_row([_cell(cell) for cell in row]) for row in table.rows),
    ]
    notes = [_escaped(note) for note in table.notes] + format_notes(table, _SIGNS)
    for note in notes:
        lines += ["", note]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: TableCell) -> str:
    around = _AROUND[cell.mark]
    value = _escaped(value_written(cell))
    spread = spread_written(cell)
    return f"{around}{value}{around}{f' {spread}' if spread else ''}"


def _escaped(text: str) -> str:
    """Escape what Markdown would read as its own, line ends included."""
    plain = re.sub(r"\s+", " ", text)
    return re.sub(r"([\\`*_|<>~])", r"\\\1", plain)
