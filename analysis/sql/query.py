"""A user's SQL over the views of a store: one SELECT, read-only, no file but the store's.

Two locks, since either alone has holes. Only a statement of type SELECT is run: COPY writes files
even where folders are restricted. And DuckDB's access to files, extensions and Python variables is
switched off for good before the user's text is seen, since DuckDB 2 takes WITH x AS (COPY ...) for
a SELECT. The views are Arrow objects, which need none of it.

A PIVOT that finds its columns in the data is several statements to DuckDB: a type of the values
found, then the SELECT. It is told from COPY, CREATE or EXPLAIN of a PIVOT, which are several
statements too, by standing where only a SELECT can: in the brackets after FROM.
"""

from __future__ import annotations

import functools
import logging
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Self

from analysis.selecting.selection import StoreSelection
from analysis.sql.views import VIEWS, Views, schemas
from grid.refusal import Refused, did_you_mean
from grid.store.base import Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

log = logging.getLogger(__name__)

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",  # no spilling; connect() gives a folder of its own
}


class QueryRefused(Refused):
    """SQL that is not run, or that DuckDB refuses."""

    @classmethod
    def of(cls, sql: str, why: str, mend: str) -> Self:
        """Name the beginning of the SQL, why it is not run and what to write."""
        text = " ".join(sql.split())
        shown = text if len(text) <= 80 else text[:77] + "..."
        return cls.because(f"query {shown!r}", why, mend[0].upper() + mend[1:].rstrip("."))


def query(
    store: Store,
    sql: str,
    *,
    experiment: str | None = None,
    digest: str | None = None,
    all_expansions: bool = False,
) -> pa.Table:
    """Run one SELECT over the views of a store and return its rows.

    It sees what is committed when it starts; other processes may go on writing. What of the store
    is left out is said in the log.

    Args:
        store: The store.
        sql: One SELECT (or FROM, WITH, PIVOT, DESCRIBE, SUMMARIZE).
        experiment: Only this experiment; default all of the store.
        digest: Only this expansion; default the latest of each experiment.
        all_expansions: All expansions of each together.

    Raises:
        QueryRefused: Not one SELECT, an unknown view or column, a syntax error.
        Refused: No such experiment or digest.
    """
    selection = StoreSelection(store, experiment, digest, all_expansions=all_expansions)
    for remark in selection.remarks:
        log.warning("%s", remark)
    rows = answer(selection, sql)
    for note in selection.notes:
        log.warning("%s", note)
    tell_damaged(selection.damaged)
    return rows


def tell_damaged(damaged: Mapping[str, str]) -> None:
    """Say in the log what is left out because it is damaged; the reason by key."""
    for key, why in damaged.items():
        log.warning("left out, because it is damaged: %s: %s", key, why)


def answer(selection: StoreSelection, sql: str) -> pa.Table:
    """Run one SELECT over the views of a selection, as `query` does."""
    kind = _kind(sql)
    try:
        return _answer(selection, sql, kind)
    finally:
        selection.tell_unproven()


def _answer(selection: StoreSelection, sql: str, kind: Literal["SELECT", "PIVOT"]) -> pa.Table:
    try:
        return _run(Views(selection), sql, kind)
    except FileNotFoundError:
        # `compact` or `gc` has removed a copy since it was proved: look again, once.
        return _run(Views(selection.again()), sql, kind)


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


def _kind(sql: str) -> Literal["SELECT", "PIVOT"]:
    """Say which of the two that may run a text is; refuse any other."""
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise _refusal(sql, error) from error
    if len(statements) != 1:
        raise QueryRefused.of(
            sql, f"it holds {len(statements)} statements, and a query is one", "give one SELECT"
        )
    kind = statements[0].type.name
    if kind == "SELECT":
        return "SELECT"
    if kind == "MULTI" and _is_pivot(sql):
        return "PIVOT"
    verb = re.match(r"\w*", sql.strip())
    named = verb[0].upper() if kind == "MULTI" and verb and verb[0] else kind
    raise QueryRefused.of(
        sql,
        f"it is a {named} statement, and a query may only read",
        "write a SELECT (crossgen query --csv or --parquet writes its rows to a file)",
    )


def _is_pivot(sql: str) -> bool:
    import duckdb

    try:
        inside = duckdb.extract_statements(f"SELECT * FROM (\n{_without_end(sql)}\n) AS pivoted")
    except duckdb.Error:
        return False
    return [each.type.name for each in inside] == ["MULTI"]


def _without_end(sql: str) -> str:
    """Return one statement without the semicolons and comments behind it."""
    import duckdb

    text = sql.encode()  # offsets are of bytes
    words = [at for at, kind in duckdb.tokenize(sql) if kind.name != "comment"]
    end = len(text)
    while words and text[words[-1] : words[-1] + 1] == b";":
        end = words.pop()
    return text[:end].decode()


def _run(views: Views, sql: str, kind: Literal["SELECT", "PIVOT"]) -> pa.Table:
    import duckdb

    if kind == "SELECT":  # the columns of a PIVOT are known when the data are read
        _check_columns(sql)
    # By the words of the text, since DuckDB's own answer fails on USING. A view that is not
    # mentioned costs nothing, not even a listing; one in a comment only is made for nothing.
    names = [name for name in VIEWS if name in _words(sql)]
    with connect(views, names) as connection:
        try:
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            if views.selection.unreadable is not None:
                raise views.selection.unreadable from error
            if "No such file" in str(error) or "FileNotFoundError" in str(error):
                raise FileNotFoundError(str(error)) from error
            raise _refusal(sql, error) from error


def _check_columns(sql: str) -> None:
    """Refuse an unknown view or column at once, before a file is read."""
    import duckdb

    with _empty_tables(tuple(schemas().items())).cursor() as cursor:
        try:
            cursor.sql(sql)
        except duckdb.Error as error:
            raise _refusal(sql, error) from error


@functools.lru_cache(maxsize=1)
def _empty_tables(columns: tuple[tuple[str, pa.Schema], ...]) -> duckdb.DuckDBPyConnection:
    """Return a database of empty tables of the views' names and columns, made once for them."""
    import duckdb

    database = duckdb.connect(config=_CONFIG)
    for name, schema in columns:
        database.register("columns_of_it", schema.empty_table())
        database.execute(f"CREATE TABLE {name} AS FROM columns_of_it")
    database.unregister("columns_of_it")
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")
    return database


def _refusal(sql: str, error: Exception) -> QueryRefused:
    """Say what DuckDB says, without its own guesses about tables that are not ours."""
    import duckdb

    said = " ".join(str(error).split("\n\nLINE ", 1)[0].split()).rstrip(".")
    table = re.search(r"Table with name (.+?) does not exist", said)
    if isinstance(error, duckdb.CatalogException) and table:
        known = did_you_mean(table[1], VIEWS)
        return QueryRefused.of(
            sql, f"there is no view {table[1]!r} in a store", f"use one. {known}"
        )
    mend = "correct the SQL, which is DuckDB's dialect"
    if isinstance(error, duckdb.PermissionException):
        mend = f"read the views: {', '.join(VIEWS)}"
    if isinstance(error, duckdb.BinderException):
        named = [name for name in VIEWS if name in _words(sql)]
        columns = ", ".join(f"{name} ({', '.join(schemas()[name].names)})" for name in named)
        mend = f"use the columns of {columns}" if columns else mend
        if "Ambiguous reference" in said:
            mend = "say which one; cells has what it needs of fits, so leave out a JOIN of the two"
    return QueryRefused.of(sql, said, mend)


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", sql.lower()))
