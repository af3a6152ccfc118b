"""A table as lines of a terminal that is so many characters wide; a pipe gets the same, plain.

No number and no name is ever cut. Where a table does not fit with its intervals, they are left out,
then the standard deviations, and it says so; what is still too wide stands below, with the names of
the rows again. Long names go on in the next line. Of tables below each other, each
note is said once.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.text import Text

from analysis.tables.table import Table, TableCell
from analysis.tables.written import format_notes, is_numeric, spread_written, value_written

GAP = 2
LABEL_AT_LEAST = 12
WORDS_AT_MOST = 40
"""Characters of a column of words, which go on in the next line; narrower where the screen is."""
SIGNS = {"best": "*", "not_worse": "~"}
_LESS = (
    (("low", "high"), "Intervals"),
    (("sd", "low", "high"), "Standard deviations and intervals"),
)
"""What is left out, step by step, where a table is too wide."""
_STYLES = {"best": "bold", "not_worse": "underline", "": ""}


def as_text(table: Table, width: int, told: set[str] | None = None) -> Iterator[Text]:
    """Give a table line by line: title, rows in groups of columns that fit, notes.

    Args:
        table: what to write.
        width: characters of a line.
        told: notes of the tables above it, which are not said again; its own are added.
    """
    yield from (Text(line, style="bold") for line in textwrap.wrap(table.title, max(width, 20)))
    numeric = [is_numeric(table, n) for n in range(len(table.heads))]
    table = _as_much_as_fits(table, numeric, width)
    if len(_groups(table, numeric, width)) > 1:
        table = _rows_told_apart(table)
    for n, group in enumerate(_groups(table, numeric, width)):
        if n:
            yield Text("")
        yield from _group_lines(table, group, numeric, width)
    notes = [*table.notes, *format_notes(table, SIGNS)]
    new = [note for note in notes if told is None or note not in told]
    if len(new) < len(notes):
        new.append("Other notes as above." if new else "Notes as above.")
    for note in new:
        for line in textwrap.wrap(note, max(width, 20)):
            yield Text(line, style="dim")
    if told is not None:
        told.update(notes)


def _as_much_as_fits(table: Table, numeric: Sequence[bool], width: int) -> Table:
    """Return a table without its intervals, or without any spread, where it is too wide else."""
    shown, said = table, ""
    for fields, named in _LESS:
        if len(_groups(shown, numeric, width)) == 1:
            break
        shown, said = _less(table, dict.fromkeys(fields)), named
    if shown == table:
        return table
    note = f"{said} are left out for want of room; a wider screen and other formats have them."
    return replace(shown, notes=(*table.notes, note))


def _rows_told_apart(table: Table) -> Table:
    """Number the rows where their first cells do not tell them apart, as groups of columns need."""
    names = [row[0].text for row in table.rows]
    if len(set(names)) == len(names):
        return table
    rows = tuple(
        (replace(row[0], text=f"{n} {row[0].text}"), *row[1:])
        for n, row in enumerate(table.rows, 1)
    )
    return replace(table, rows=rows)


def _less(table: Table, changes: dict[str, None]) -> Table:
    rows = tuple(tuple(_without(cell, changes) for cell in row) for row in table.rows)
    return replace(table, rows=rows)


def _without(cell: TableCell, changes: dict[str, None]) -> TableCell:
    return replace(cell, **changes)  # type: ignore[arg-type]


def _cell_lines(cell: TableCell, width: int) -> list[str]:
    """Write a cell in lines of a width; a value and its spread part where they have to."""
    if cell.value is None:
        return _wrapped(cell.text, width)
    value = value_written(cell) + SIGNS.get(cell.mark, "")
    spread = spread_written(cell)
    whole = f"{value} {spread}" if spread else value
    return [whole] if len(whole) <= width else [value, *_wrapped(spread, width)]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 1)) or [""]


def _widest(table: Table, column: int, *, numeric: bool, most: int) -> int:
    """Return the characters that a column takes, of a most."""
    body = [" ".join(_cell_lines(row[column], most)) for row in table.rows]
    longest = max((len(text) for text in body), default=0)
    words = [len(word) for word in table.heads[column].split()]
    # A head of several words is wrapped rather than making a column of numbers wide.
    head = max(words, default=0) if numeric else len(table.heads[column])
    return min(max(longest, head, 1), most)


def _widths(table: Table, numeric: Sequence[bool], width: int) -> list[int]:
    """Return the characters of each column; the first leaves room for any other beside it."""
    rest = [
        _widest(table, n, numeric=numeric[n], most=max(width // 2, 10))
        if numeric[n]
        else _widest(table, n, numeric=False, most=min(WORDS_AT_MOST, max(width // 2, 10)))
        for n in range(1, len(table.heads))
    ]
    room = width - GAP - max(rest, default=0)
    first = _widest(table, 0, numeric=numeric[0], most=max(room, LABEL_AT_LEAST))
    return [first, *rest]


def _groups(table: Table, numeric: Sequence[bool], width: int) -> list[list[tuple[int, int]]]:
    """Cut the columns into groups that fit, each as (column, characters) behind the first."""
    first, *rest = _widths(table, numeric, width)
    groups: list[list[tuple[int, int]]] = [[(0, first)]]
    used = first
    for n, each in enumerate(rest, 1):
        if used + GAP + each > width and len(groups[-1]) > 1:
            groups.append([(0, first)])
            used = first
        groups[-1].append((n, each))
        used += GAP + each
    return groups


def _group_lines(
    table: Table, group: Sequence[tuple[int, int]], numeric: Sequence[bool], width: int
) -> Iterator[Text]:
    heads = [textwrap.wrap(table.heads[n], w) or [""] for n, w in group]
    depth = max(len(head) for head in heads)
    for level in range(depth):
        line = Text(style="bold")
        for (n, w), head in zip(group, heads, strict=True):
            at = level - depth + len(head)
            _append(line, head[at] if at >= 0 else "", w, right=numeric[n], style="")
        yield _trimmed(line)
    yield Text("─" * min(sum(w for _, w in group) + GAP * (len(group) - 1), width), style="dim")
    for row in table.rows:
        cells = [_cell_lines(row[n], w) for n, w in group]
        for level in range(max(len(lines) for lines in cells)):
            line = Text()
            for (n, w), lines in zip(group, cells, strict=True):
                text = lines[level] if level < len(lines) else ""
                _append(line, text, w, right=numeric[n], style=_STYLES[row[n].mark])
            yield _trimmed(line)


def _append(line: Text, text: str, width: int, *, right: bool, style: str) -> None:
    if line.plain or line.spans:
        line.append(" " * GAP)
    room = " " * (width - len(text))
    if right:
        line.append(room)
    line.append(text, style=style)
    if not right:
        line.append(room)


def _trimmed(line: Text) -> Text:
    line.rstrip()
    return line
