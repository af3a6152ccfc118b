"""`crossgen query`: SQL over a store, read-only; a table, CSV or Parquet."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.query import QueryRefused, query
from analysis.views import VIEWS, schemas
from grid.records import EXPERIMENTS, Store
from grid.refusal import Problem, Refused
from launch.command_lines import store_command
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
        Refused: the store holds no experiment, the statement is not a SELECT or names what is not
            there, or columns of one name are to be written to a file.
    """
    console = Console()
    if sql is None:
        print_views(console)
        return
    opened = store_of(store)
    _check_holds_something(opened, store)
    try:
        rows = query(opened, sql, experiment=experiment)
    except QueryRefused as error:
        mend = error.mend[0].upper() + error.mend[1:].rstrip(".")
        raise Refused([Problem(what="query", why=error.why, mend=mend)]) from error
    except ValueError as error:  # no such experiment: what is known stands in the text
        why, _, mend = str(error).rstrip(".").partition(". ")
        raise Refused([Problem(what="query", why=why, mend=mend or "Correct the name")]) from error
    if parquet is not None:
        import pyarrow.parquet as pq

        _check_names_differ(rows, "--parquet")
        pq.write_table(rows, parquet)
        console.print(f"wrote {rows.num_rows:,} rows to {parquet}", highlight=False, markup=False)
    elif csv:
        import pyarrow.csv

        _check_names_differ(rows, "--csv")
        pyarrow.csv.write_csv(_flat(rows), sys.stdout.buffer)
    else:
        _print_rows(console, rows)


def _check_holds_something(store: Store, given: str | None) -> None:
    """A mistyped store is an empty one, and an empty table would be taken for an answer."""
    if not store.list(EXPERIMENTS):
        raise Refused(
            [
                Problem(
                    what=f"store {store.url}",
                    why="no experiment has run in it",
                    mend="Name another with --store, or run one: "
                    f"`{store_command(given, 'run', 'FILE')}`",
                )
            ]
        )


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


def _flat(rows: Any) -> Any:
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


def print_views(console: Console) -> None:
    """Print the views with their columns and what each holds."""
    for name in VIEWS:
        columns = ", ".join(f"{field.name} {field.type}" for field in schemas()[name])
        console.print(f"[bold]{name}[/]: {columns}", highlight=False)


def _print_rows(console: Console, rows: Any) -> None:
    table = Table(box=None, header_style="bold")
    for field in rows.schema:
        numeric = str(field.type).startswith(("int", "uint", "float", "double", "decimal"))
        table.add_column(Text(field.name), justify="right" if numeric else "left")
    # By position, and as text: columns may share a name, and "[x]" is no markup in a value.
    columns = [column.to_pylist() for column in rows.slice(0, ROWS_SHOWN).columns]
    for row in zip(*columns, strict=True):
        table.add_row(*(Text(_said(value)) for value in row))
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
