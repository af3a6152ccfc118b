"""A table as data (`analysis.tables.table`) as a table of the page."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape

from analysis.page.page_fragments import breakable, hint, reach
from analysis.page.sentences import number
from analysis.tables.table import Table, TableCell

# Columns that fit a phone beside the first, and a page.
_NARROW, _WIDE = 3, 14
_CLASSES = {"": "", "best": "best", "not_worse": "not-worse"}


def table_html(table: Table, digits: int = 2) -> Markup:
    """Return a table with its title above and its notes below it; numbers with some digits.

    A value stands with its standard deviation (±) or, where it has none, with its interval. What is
    best of its column, and what is not shown to be worse, are told apart by their styles.
    """
    reached = reach(len(table.heads), _NARROW, _WIDE)
    is_number = [
        any(row[n].value is not None for row in table.rows) for n in range(len(table.heads))
    ]
    lines = [
        Markup("<h3>{}</h3>\n{}\n").format(table.title, hint(reached)),
        Markup('<div class="scroll {}"><table class="list" id="{}">\n').format(
            reached, f"table-{table.name}"
        ),
        Markup("<thead><tr>{}</tr></thead>\n<tbody>\n").format(
            _joined(
                Markup("<th{}>{}</th>").format(_num(numeric), head)
                for head, numeric in zip(table.heads, is_number, strict=True)
            )
        ),
        *(_row(row, is_number, digits) for row in table.rows),
        Markup("</tbody></table></div>\n"),
        *(Markup('<p class="dim legend">{}</p>\n').format(note) for note in table.notes),
    ]
    return _joined(iter(lines))


def _row(row: tuple[TableCell, ...], is_number: list[bool], digits: int) -> Markup:
    first, *others = row
    cells = [Markup("<th>{}</th>").format(_content(first, digits))]
    for cell, numeric in zip(others, is_number[1:], strict=True):
        classes = " ".join(name for name in ("num" if numeric else "", _CLASSES[cell.mark]) if name)
        said = Markup(' class="{}"').format(classes) if classes else Markup("")
        cells.append(Markup("<td{}>{}</td>").format(said, _content(cell, digits)))
    return Markup("<tr>{}</tr>\n").format(_joined(iter(cells)))


def _content(cell: TableCell, digits: int) -> Markup:
    if cell.value is None:
        return breakable(cell.text) if cell.text else Markup("–")
    said = escape(number(cell.value, digits))
    if cell.sd is not None:
        said += Markup(" <small>± {}</small>").format(number(cell.sd, digits))
    elif cell.low is not None and cell.high is not None:
        said += Markup(" <small>[{}, {}]</small>").format(
            number(cell.low, digits), number(cell.high, digits)
        )
    return said + Markup(" {}").format(cell.text) if cell.text else said


def _num(numeric: bool) -> Markup:
    return Markup(' class="num"') if numeric else Markup("")


def _joined(parts: Iterator[Markup]) -> Markup:
    return Markup("").join(parts)
