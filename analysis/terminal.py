"""Matrices and warnings on a terminal, in colour where it has any; rich, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.style import Style
from rich.text import Text

from analysis.colours import css, ink, shades, step
from analysis.matrix import Entry, Matrix, Metric, blocks
from analysis.overview import Overview
from analysis.sentences import headline, meaning, number

METRIC_NAMES: dict[Metric, str] = {"auc": "AUC", "accuracy": "accuracy at logit 0"}
DETAILS_SHOWN = 3
CELL = 7
"""Characters of a cell at least: [1.00] and a blank."""


def print_overview(console: Console, shown: Overview, metric: Metric = "auc") -> None:
    """Print warnings, matrices and what they show, in this order."""
    experiment = shown.experiment
    title = Text(experiment["name"], style="bold")
    console.print(title.append(f" {experiment['question']}", style="not bold"))
    for remark in shown.remarks:
        console.print(Text(remark, style="dim"))
    print_cautions(console, shown)
    for matrix in shown.matrices:
        console.print()
        for line in matrix_lines(matrix, metric, console.width):
            console.print(line)
    console.print()
    for sentence in headline(shown.matrices):
        console.print(Text(sentence))
    console.print(Text(meaning(shown.matrices), style="dim"))


def print_cautions(console: Console, shown: Overview) -> None:
    """Print the warnings, each with the beginning of what it is about."""
    for caution in shown.cautions:
        console.print(Text("! ", style="bold yellow").append(caution.text, style="yellow"))
        for line in caution.details[:DETAILS_SHOWN]:
            console.print(Text(f"    {line}", style="dim"))
        more = len(caution.details) - DETAILS_SHOWN
        if more > 0:
            console.print(Text(f"    ... and {more} more", style="dim"))


def matrix_lines(matrix: Matrix, metric: Metric, width: int) -> Iterator[Text]:
    """Give a matrix line by line: title, heads, rows, legend; wide ones number their columns.

    Blocks of one family are set apart by a gap between columns and a line between rows.

    Args:
        matrix: the matrix.
        metric: what its entries show.
        width: of the terminal, in characters.
    """
    yield Text(matrix.title, style="bold").append(
        f"  {METRIC_NAMES[metric]}, trained on (rows) x tested on (columns)", style="not bold dim"
    )
    columns = blocks([column.family for column in matrix.columns])
    label_width = max((len(row.label) for row in matrix.rows), default=0)
    heads = [re.split(r"[_ -]", column.label) for column in matrix.columns]
    cell_width = max((len(part) + 1 for head in heads for part in head), default=0)
    numbered = label_width + len(heads) * max(cell_width, CELL) + 2 * len(columns) > width
    if numbered:
        heads, cell_width = [[str(n)] for n, _ in enumerate(heads, 1)], CELL
    cell_width = max(cell_width, CELL)
    yield _blocks_line(columns, label_width, cell_width)
    depth = max((len(head) for head in heads), default=0)
    for level in range(depth):
        parts = [Text(" " * (depth - len(h) > level) or h[level - depth + len(h)]) for h in heads]
        yield _line(Text("", style="dim"), parts, columns, label_width, cell_width, style="dim")
    first = 0
    for _, length in blocks([row.family for row in matrix.rows]):
        for n in range(first, first + length):
            cells = [_cell(entry, metric) for entry in matrix.entries[n]]
            yield _line(Text(matrix.rows[n].label), cells, columns, label_width, cell_width)
        first += length
        if first < len(matrix.rows):
            yield Text("")
    if numbered:
        names = ", ".join(f"{n} {column.label}" for n, column in enumerate(matrix.columns, 1))
        yield Text(f"columns: {names}", style="dim")
    yield Text("[ ] trained on this generator   · missing   – undefined", style="dim")


def _blocks_line(columns: Sequence[tuple[str, int]], label_width: int, cell_width: int) -> Text:
    line = Text(" " * label_width)
    for family, length in columns:
        name = f" {family} "[: length * cell_width].center(length * cell_width, "─")
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
    for _, length in columns:
        label.append("  ")
        for cell in cells[first : first + length]:
            filled = cell.copy()
            filled.align("right", cell_width)
            filled.stylize(cell.style if isinstance(cell.style, Style) else style)
            label.append_text(filled)
        first += length
    return label


def _cell(entry: Entry | None, metric: Metric) -> Text:
    if entry is None:
        return Text("")
    spread = entry.spread(metric)
    if spread is None:
        return Text("· " if entry.missing else "– ")
    own = entry.relation == "trained"
    shade = shades(dark=True)[step(spread.mean)]
    style = Style(color=ink_of(shade), bgcolor=css(shade), bold=own)
    said = number(spread.mean)
    return Text(f"[{said}]" if own else f"{said} ", style=style)


def ink_of(shade: tuple[int, int, int]) -> str:
    """Return the ink of a shade as rich reads it: six digits."""
    return "#000000" if ink(shade) == "#000" else "#ffffff"
