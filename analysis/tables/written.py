"""A cell of a table in characters, the same in every format: percent with one decimal."""

from __future__ import annotations

from analysis.tables.table import Table, TableCell

DIGITS = 1
MISSING, UNDEFINED = "·", "–"  # nothing was measured; it was, and has no such number
MARKS_EXPLAINED = {
    "best": "best of its column",
    "not_worse": "not shown to be worse than that, by a corrected p",
}


def percent(value: float, digits: int = DIGITS) -> str:
    """Write a share of 1 in percent, without a sign for it: .984 is 98.4.

    Never -0.0. What is not quite 1 may be written 100.0, as in papers.
    """
    text = f"{100 * value:.{digits}f}"
    return text.removeprefix("-") if not float(text) else text


def value_written(cell: TableCell) -> str:
    """Return a cell's words or its value with its sign; "" where it has neither."""
    if cell.value is None:
        return cell.text
    return percent(cell.value) + cell.text


def spread_written(cell: TableCell) -> str:
    """Return what is known of a value's spread: "± 0.3 [97.1, 99.0]", "" where nothing is."""
    if cell.value is None:
        return ""
    parts = [] if cell.sd is None else [f"± {percent(cell.sd)}"]
    if cell.low is not None and cell.high is not None:
        parts.append(f"[{percent(cell.low)}, {percent(cell.high)}]")
    return " ".join(parts)


def is_numeric(table: Table, column: int) -> bool:
    """Say whether a column holds values: one at least, and no words but signs for missing ones."""
    cells = [row[column] for row in table.rows]
    words = {cell.text for cell in cells if cell.value is None}
    return any(cell.value is not None for cell in cells) and words <= {"", MISSING, UNDEFINED}


def used_marks(table: Table) -> list[str]:
    """Return the marks that a table has, best first."""
    found = {cell.mark for row in table.rows for cell in row}
    return [mark for mark in MARKS_EXPLAINED if mark in found]


def format_notes(table: Table, signs: dict[str, str]) -> list[str]:
    """Return what a format has to say of its numbers: their unit, and its signs for marks."""
    notes = []
    if any(cell.value is not None for row in table.rows for cell in row):
        notes.append("In percent.")
    said = [f"{signs[mark]} {MARKS_EXPLAINED[mark]}" for mark in used_marks(table)]
    if said:
        said.append("without a sign: shown to be worse, or not tested")
    return [*notes, f"{'; '.join(said)}."] if said else notes
