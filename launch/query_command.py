"""`crossgen query`: SQL over a store, read-only; a table, CSV or Parquet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.query import QueryRefused, query
from analysis.views import VIEWS, schemas
from grid.refusal import Problem, Refused
from launch.desk import store_of

ROWS_SHOWN = 200


def print_query(
    sql: str | None,
    store: str | None,
    *,
    experiment: str | None,
    csv: bool,
    parquet: Path | None,
) -> None:
    """Run one SELECT and print its rows, or print the views when there is none.

    Raises:
        Refused: the statement is not a SELECT, or names what is not there.
    """
    console = Console()
    if sql is None:
        print_views(console)
        return
    try:
        rows = query(store_of(store), sql, experiment=experiment)
    except (QueryRefused, ValueError) as error:
        why, _, mend = str(error).rpartition("; ")
        raise Refused(
            [Problem(what="query", why=why or str(error), mend=mend or "See `crossgen query`")]
        ) from error
    if parquet is not None:
        import pyarrow.parquet as pq

        pq.write_table(rows, parquet)
        console.print(f"wrote {rows.num_rows:,} rows to {parquet}", highlight=False)
    elif csv:
        import pyarrow.csv

        pyarrow.csv.write_csv(rows, sys.stdout.buffer)
    else:
        _print_rows(console, rows)


def print_views(console: Console) -> None:
    """Print the views with their columns and what each holds."""
    for name in VIEWS:
        columns = ", ".join(f"{field.name} {field.type}" for field in schemas()[name])
        console.print(f"[bold]{name}[/]: {columns}", highlight=False)


def _print_rows(console: Console, rows: Any) -> None:
    table = Table(box=None, header_style="bold")
    for field in rows.schema:
        numeric = str(field.type).startswith(("int", "uint", "float", "double", "decimal"))
        table.add_column(field.name, justify="right" if numeric else "left")
    for row in rows.slice(0, ROWS_SHOWN).to_pylist():
        table.add_row(*(_said(value) for value in row.values()))
    console.print(table)
    if rows.num_rows > ROWS_SHOWN:
        console.print(
            f"... {rows.num_rows - ROWS_SHOWN:,} more rows; --csv or --parquet gives all of them",
            style="dim",
            highlight=False,
        )


def _said(value: Any) -> str:
    """An undefined value is shown as such and never as a number."""
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
