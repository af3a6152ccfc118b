r"""A table as LaTeX for a paper: booktabs; bold for best, underlined for not shown to be worse.

It needs `\usepackage{booktabs}` and, for names that are not ASCII, an engine that reads UTF-8.
"""

from __future__ import annotations

import re

from analysis.tables.table import Table, TableCell
from analysis.tables.written import format_notes, is_numeric, spread_written, value_written

_AROUND = {"best": r"\textbf{%s}", "not_worse": r"\underline{%s}", "": "%s"}
_SIGNS = {"best": "Bold:", "not_worse": "underlined:"}
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "–": "--",
    "−": r"$-$",
    "×": r"$\times$",
    "†": r"$^{\dagger}$",
    "‡": r"$^{\ddagger}$",
    "°": r"$^{\circ}$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
}


def as_latex(table: Table) -> str:
    """Return a `table` environment with a caption, a label and the notes below the numbers."""
    columns = "".join("r" if is_numeric(table, n) else "l" for n in range(len(table.heads)))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(table.title)}}}",
        rf"\label{{tab:{re.sub(r'[^A-Za-z0-9]+', '-', table.name).strip('-')}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _row([escaped(head) for head in table.heads]),
        r"\midrule",
        *(_row([_cell(cell) for cell in row]) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    notes = [*table.notes, *format_notes(table, _SIGNS)]
    if notes:
        lines += ["", r"\smallskip", rf"{{\footnotesize {escaped(' '.join(notes))}\par}}"]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def escaped(text: str) -> str:
    """Return text as LaTeX shows it: what it would read as its own is escaped."""
    # A row or a cell that begins with [ would be read as an argument of the \\ before it.
    shown = "".join(_ESCAPES.get(letter, letter) for letter in re.sub(r"\s+", " ", text))
    return f"{{}}{shown}" if shown.startswith("[") else shown


def _row(cells: list[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _cell(cell: TableCell) -> str:
    value = _AROUND[cell.mark] % escaped(value_written(cell))
    spread = spread_written(cell)
    return f"{value} {{\\scriptsize {escaped(spread)}}}" if spread else value
