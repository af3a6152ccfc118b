"""A user's SQL over the views of a store: one SELECT, read-only, no file but the store's.

Two locks, since either alone has holes. Only a statement of type SELECT is run: COPY writes files
even where folders are restricted. And DuckDB's access to files, extensions and Python variables is
switched off for good before the user's text is seen, since DuckDB 2 takes WITH x AS (COPY ...) for
a SELECT. The views are Arrow objects, which need none of it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analysis.selection import Selection
from analysis.views import VIEWS, Views, schemas
from grid.records import Store, did_you_mean

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",  # no spilling; connect() gives a folder of its own
}


class QueryRefused(ValueError):
    """SQL that is not run, or that DuckDB refuses, in three parts: `what`, `why` and `mend`."""

    def __init__(self, sql: str, why: str, mend: str) -> None:
        text = " ".join(sql.split())
        self.what = repr(text if len(text) <= 80 else text[:77] + "...")
        self.why = why
        self.mend = mend
        super().__init__(f"{self.what}: {why}; {mend}.")


def query(
    store: Store, sql: str, *, experiment: str | None = None, digest: str | None = None
) -> pa.Table:
    """Run one SELECT over the views of a store and return its rows.

    It sees what is committed when it starts; other processes may go on writing.

    Args:
        store: The store.
        sql: One SELECT (or FROM, WITH, DESCRIBE, SUMMARIZE).
        experiment: Only this experiment; default all of the store.
        digest: Only this expansion of it; default the union.

    Raises:
        QueryRefused: Not one SELECT, an unknown view or column, a syntax error.
        ValueError: No such experiment or digest.
    """
    _check(sql)
    try:
        return _run(Views(Selection(store, experiment, digest)), sql)
    except FileNotFoundError:
        # `compact` or `gc` has removed a copy since it was listed: look again, once.
        return _run(Views(Selection(store, experiment, digest)), sql)


@contextmanager
def connect(views: Views, names: Sequence[str] = VIEWS) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give an in-memory DuckDB connection that has the named views and nothing else.

    What does not fit in memory spills into a folder of its own, removed at the end. It must hold
    nothing else: DuckDB lets SQL read its spill folder when all other files are out of reach.
    """
    import duckdb

    with (
        tempfile.TemporaryDirectory(prefix="crossgen-query-") as spill,
        duckdb.connect(config={**_CONFIG, "temp_directory": spill}) as connection,
    ):
        for name in names:
            connection.register(name, views[name])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _check(sql: str) -> None:
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise _refusal(sql, error) from error
    if len(statements) != 1:
        raise QueryRefused(
            sql, f"it holds {len(statements)} statements, and a query is one", "give one SELECT"
        )
    kind = statements[0].type.name
    if kind == "MULTI" and "pivot" in _words(sql):  # DuckDB makes a type of its columns first
        raise QueryRefused(
            sql,
            "PIVOT is not supported",
            "group by the rows and write avg(auc) FILTER (WHERE generator = 'adm') per column",
        )
    if kind != "SELECT":
        raise QueryRefused(
            sql,
            f"it is a {kind} statement, and a query may only read",
            "write a SELECT (crossgen query --csv or --parquet writes its rows to a file)",
        )


def _run(views: Views, sql: str) -> pa.Table:
    import duckdb

    # A view that is not mentioned costs nothing, not even a listing.
    names = _mentioned(sql)
    with connect(views, names) as connection:
        try:
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            if "No such file" in str(error) or "FileNotFoundError" in str(error):
                raise FileNotFoundError(str(error)) from error
            raise _refusal(sql, error) from error


def _mentioned(sql: str) -> tuple[str, ...]:
    """Return the views that a query names; refuse what does not fit their columns, at once.

    By the words of the text, since DuckDB's own answer fails on USING; a view that is named in a
    comment only is made for nothing.
    """
    import duckdb

    with duckdb.connect(config=_CONFIG) as empty:
        for name, schema in schemas().items():
            empty.register(name, schema.empty_table())
        empty.execute("SET enable_external_access = false")
        try:
            empty.sql(sql)  # binds: an unknown view or column is found before a file is read
        except duckdb.Error as error:
            raise _refusal(sql, error) from error
    words = _words(sql)
    return tuple(name for name in VIEWS if name in words)


def _refusal(sql: str, error: Exception) -> QueryRefused:
    """Say what DuckDB says, without its own guesses about tables that are not ours."""
    import duckdb

    said = " ".join(str(error).split("\n\nLINE ", 1)[0].split()).rstrip(".")
    table = re.search(r"Table with name (.+?) does not exist", said)
    if isinstance(error, duckdb.CatalogException) and table:
        known = did_you_mean(table[1], VIEWS)
        return QueryRefused(sql, f"there is no view {table[1]!r} in a store", f"use one. {known}")
    mend = "correct the SQL, which is DuckDB's dialect"
    if isinstance(error, duckdb.PermissionException):
        mend = f"read the views: {', '.join(VIEWS)}"
    if isinstance(error, duckdb.BinderException):
        named = [name for name in VIEWS if name in _words(sql)]
        columns = ", ".join(f"{name} ({', '.join(schemas()[name].names)})" for name in named)
        mend = f"use the columns of {columns}" if columns else mend
    return QueryRefused(sql, said, mend)


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", sql.lower()))
