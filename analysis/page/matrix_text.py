"""A matrix as lines of a terminal, in colour where it has any."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from rich.style import Style
from rich.text import Text

from analysis.figures.colours import css, ink, shades, step
from analysis.matrices.heads import blocks
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.measuring.metric_registry import find_metric
from analysis.page.sentences import number

CELL = 7
"""Characters of a cell at least: [1.00] and a blank."""


def matrix_lines(
    matrix: Matrix, metric: str, width: int, above: Matrix | None = None
) -> Iterator[Text]:
    """Give a matrix line by line: title, heads, rows, legend; no table is wider than the terminal.

    Blocks of one family are set apart by a gap between columns and a line between rows. Where the
    names of the columns do not fit, they are numbered; where even that does not, the columns are
    given in groups, one below the other.

    Args:
        matrix: the matrix.
        metric: what its entries show.
        width: of the terminal, in characters.
        above: the matrix that stands above it; what both state is not said again.
    """
    yield Text(matrix.title, style="bold").append(
        f"  {find_metric(metric).title}, trained on (rows) x tested on (columns)",
        style="not bold dim",
    )
    alike = above is not None and above.facts.short == matrix.facts.short
    yield from _prose("settings as above" if alike else matrix.facts.short, width)
    starred = any(0 < entry.missing < len(entry.cells) for entry in matrix.all_entries())
    cell = CELL + starred
    heads = [re.split(r"[_ -]", column.label) for column in matrix.columns]
    longest = max((len(row.label) for row in matrix.rows), default=0)
    narrowest = max([cell, *(len(column.family) for column in matrix.columns)])
    labels = max(1, min(longest, width - narrowest - 2))
    named = max([cell, *(len(part) + 1 for head in heads for part in head)])
    groups = _groups(matrix, width - labels, named)
    numbered = len(groups) > 1
    if numbered:
        heads = [[str(n)] for n, _ in enumerate(heads, 1)]
        groups = _groups(matrix, width - labels, cell)
    widths = (labels, cell if numbered else named)
    for n, group in enumerate(groups):
        if n:
            yield Text("")
        yield from _group_lines(matrix, metric, group, heads, widths, starred=starred)
    if numbered:
        names = ", ".join(f"{n} {column.label}" for n, column in enumerate(matrix.columns, 1))
        yield from _prose(f"columns: {names}", width)
    star = "   * some seeds missing" if starred else ""
    yield from _prose(f"[ ] trained on this generator   · missing   – undefined{star}", width)


def _groups(matrix: Matrix, width: int, cell_width: int) -> list[range]:
    """Cut the columns into runs that fit a width, gaps between families counted."""
    families = [column.family for column in matrix.columns]
    groups = []
    first = 0
    for n in range(1, len(families)):
        of_group = blocks(families[first : n + 1])
        if sum(2 + _block_width(*block, cell_width) for block in of_group) > width:
            groups.append(range(first, n))
            first = n
    return [*groups, range(first, len(families))]


def _block_width(family: str, length: int, cell_width: int) -> int:
    """Return the characters that a block takes: its cells, or its family's name, never cut."""
    return max(length * cell_width, len(family))


def _group_lines(
    matrix: Matrix,
    metric: str,
    group: range,
    heads: Sequence[Sequence[str]],
    widths: tuple[int, int],
    *,
    starred: bool,
) -> Iterator[Text]:
    """Give the lines of some columns: families, heads, rows."""
    label_width, cell_width = widths
    columns = blocks([matrix.columns[n].family for n in group])
    yield _blocks_line(columns, label_width, cell_width)
    shown = [heads[n] for n in group]
    depth = max((len(head) for head in shown), default=0)
    for level in range(depth):
        parts = [Text(" " * (depth - len(h) > level) or h[level - depth + len(h)]) for h in shown]
        yield _line(Text("", style="dim"), parts, columns, label_width, cell_width, style="dim")
    first = 0
    for _, length in blocks([row.family for row in matrix.rows]):
        for n in range(first, first + length):
            cells = [_cell(matrix.entries[n][c], metric, starred=starred) for c in group]
            label = matrix.rows[n].label
            while len(label) > label_width:  # cut, two labels might look alike
                yield Text(label[:label_width])
                label = label[label_width:]
            yield _line(Text(label), cells, columns, label_width, cell_width)
        first += length
        if first < len(matrix.rows):
            yield Text("")


def _prose(text: str, width: int) -> Iterator[Text]:
    return (Text(line, style="dim") for line in textwrap.wrap(text, max(width, 20)))


def _blocks_line(columns: Sequence[tuple[str, int]], label_width: int, cell_width: int) -> Text:
    line = Text(" " * label_width)
    for family, length in columns:
        width = _block_width(family, length, cell_width)
        name = f" {family} ".center(width, "─") if len(family) + 2 <= width else family.rjust(width)
        line.append("  ").append(name, style="bold")
    return line


def _line(
    label: Text,
    cells: Sequence[Text],
    columns: Sequence[tuple[str, int]],
    label_width: int,
    cell_width: int,
    style: str = "",
) -> Text:
    """Return one row with every cell at its width, its colour filling it."""
    label.truncate(label_width, pad=True)
    first = 0
    for family, length in columns:
        label.append(" " * (2 + _block_width(family, length, cell_width) - length * cell_width))
        for cell in cells[first : first + length]:
            filled = cell.copy()
            filled.align("right", cell_width)
            filled.stylize(cell.style if isinstance(cell.style, Style) else style)
            label.append_text(filled)
        first += length
    return label


def _cell(entry: MatrixEntry | None, metric: str, *, starred: bool) -> Text:
    """Write an entry; where some cell of the matrix has a star, all leave room for it."""
    if entry is None:
        return Text("")
    spread = entry.spread(metric)
    blank = " " * starred
    if spread is None:
        return Text(("· " if entry.missing else "– ") + blank)
    own = entry.relation == "trained"
    shade = shades(dark=True)[step(find_metric(metric).goodness(spread.mean))]
    style = Style(color=ink_of(shade), bgcolor=css(shade), bold=own)
    said, star = number(spread.mean), "*" if entry.missing else blank
    return Text(f"[{said}]{star}" if own else f"{said}{star} ", style=style)


def ink_of(shade: tuple[int, int, int]) -> str:
    """Return the ink of a shade as rich reads it: six digits."""
    return "#000000" if ink(shade) == "#000" else "#ffffff"
