"""The rows that a query gives: on the terminal, as CSV, as a Parquet file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import IO, Any

from rich.table import Table
from rich.text import Text

from grid.console import Console
from grid.refusal import Problem, Refused
from grid.visible import visible
from launch.whole_file import whole_file

ROWS_SHOWN = 200
ROWS_SHOWN_UPRIGHT = 5
NARROWEST_COLUMN = 5
"""Characters of a column that can still be read, with the blanks beside it."""


def print_rows(console: Console, rows: Any) -> None:
    """Print the first rows as a table, and how many more there are.

    Where the columns do not fit beside each other, each row is a list of them.
    """
    if rows.num_columns * NARROWEST_COLUMN > console.width:
        _print_upright(console, rows)
        return
    table = Table(box=None, header_style="bold")
    for field in rows.schema:
        numeric = str(field.type).startswith(("int", "uint", "float", "double", "decimal"))
        table.add_column(Text(field.name), justify="right" if numeric else "left")
    # By position, and as text: columns may share a name, and "[x]" is no markup in a value.
    columns = [column.to_pylist() for column in rows.slice(0, ROWS_SHOWN).columns]
    for row in zip(*columns, strict=True):
        table.add_row(*(Text(visible(_said(value))) for value in row))
    console.print(table)
    if rows.num_rows > ROWS_SHOWN:
        console.print(
            f"... {rows.num_rows - ROWS_SHOWN:,} more rows; --csv or --parquet gives all of them",
            style="dim",
            highlight=False,
        )


def _print_upright(console: Console, rows: Any) -> None:
    """Print the first rows one below the other, a line per column."""
    shown = rows.slice(0, ROWS_SHOWN_UPRIGHT)
    columns = [column.to_pylist() for column in shown.columns]
    for n, row in enumerate(zip(*columns, strict=True), 1):
        console.print(Text(f"row {n} of {rows.num_rows:,}", style="bold"))
        table = Table(box=None, show_header=False)
        for name, value in zip(rows.column_names, row, strict=True):
            table.add_row(Text(name, style="dim"), Text(visible(_said(value))))
        console.print(table)
    console.print(
        f"{rows.num_columns} columns do not fit beside each other: name those that you want in the "
        "SELECT, or take all by --csv or --parquet",
        style="dim",
        highlight=False,
    )


def _said(value: Any) -> str:
    """An undefined value is shown as such and never as a number."""
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write_parquet(rows: Any, path: Path) -> None:
    """Write rows to a Parquet file, whole or not at all, over an older one.

    Raises:
        Refused: several columns have one name, or the file cannot be written.
    """
    import pyarrow.parquet as pq

    _check_names_differ(rows, "--parquet")
    try:
        with whole_file(path) as temporary:
            pq.write_table(rows, temporary)
    except OSError as error:
        raise Refused(
            [
                Problem(
                    what=f"--parquet {path}",
                    why=f"the rows cannot be written there ({error.strerror or error})",
                    mend="Name another place",
                )
            ]
        ) from error


def write_csv(rows: Any, file: IO[bytes]) -> None:
    """Write rows as CSV.

    Raises:
        Refused: several columns have one name.
    """
    import pyarrow.csv

    _check_names_differ(rows, "--csv")
    pyarrow.csv.write_csv(flat(rows), file)


def _check_names_differ(rows: Any, option: str) -> None:
    twice = [name for name, count in Counter(rows.column_names).items() if count > 1]
    if twice:
        raise Refused(
            [
                Problem(
                    what=f"query {option}",
                    why=f"several columns are called {', '.join(twice)}, which no reader of the "
                    "file could tell apart",
                    mend="Select the columns that are meant, and name them with AS",
                )
            ]
        )


def flat(rows: Any) -> Any:
    """Return a table with lists, structs and intervals as (JSON) text, since CSV has none."""
    import pyarrow as pa

    for n, field in enumerate(rows.schema):
        if pa.types.is_nested(field.type) or pa.types.is_interval(field.type):
            texts = [None if v is None else _json(v) for v in rows.column(n).to_pylist()]
            rows = rows.set_column(n, field.name, pa.array(texts, pa.string()))
    return rows


def _json(value: Any) -> str:
    # A map's pairs and an interval are tuples of other types, which JSON writes as lists.
    return json.dumps(value, ensure_ascii=False, default=str)
