"""`crossgen query`: SQL over a store, read-only; a table, CSV or Parquet."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.selecting.selection import StoreSelection
from analysis.sql.query import answer
from grid.console import Console
from grid.records.places import EXPERIMENTS
from grid.refusal import Problem, Refused
from grid.store.base import Store
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.command_lines import command_line, store_command
from launch.desk import store_of
from launch.notes import print_note
from launch.query_rows import print_rows, write_csv, write_parquet
from launch.show_damage import print_left_out
from launch.show_views import print_views


def print_query(
    arguments: Sequence[str],
    *,
    store: str | None,
    csv: bool,
    parquet: Path | None,
    overwrite: bool,
    experiment: str | None,
    digest: str | None,
    all_expansions: bool,
    **narrowed: Any,
) -> None:
    """Run one SELECT and print its rows, or print the views when there is none.

    Args:
        arguments: [FILE] [SQL], as they were typed.
        store: --store.
        csv: print CSV.
        parquet: write the rows here.
        overwrite: replace a file that lies there.
        experiment: only this one of the store.
        digest: only the expansion whose digest begins so.
        all_expansions: all of each experiment, instead of the latest.
        narrowed: --only, --set, --limit, --rehash and --trust-index, of a file.

    Raises:
        Refused: the store holds no experiment, the statement is not a SELECT or names what is not
            there, options contradict each other, or the file cannot be written.
    """
    console = Console()
    file, sql = _file_and_sql(arguments)
    named = {"experiment": experiment, "digest": digest, "all_expansions": all_expansions}
    check_file_or_name(file, named, narrowed)
    _check_output(sql, csv, parquet, overwrite)
    if sql is None:
        print_views(console)
        return
    if file is not None:
        selection = _selection_of_file(file, store, narrowed)
    else:
        selection = _selection_of_store(store, experiment, digest, all_expansions)
    rows = answer(selection, sql)
    for note in selection.notes:
        print_note(note)
    meant = store or (selection.store.url if file is not None else None)
    print_left_out(Console(stderr=True), selection.damaged, meant)
    if parquet is not None:
        write_parquet(rows, parquet)
        console.print(f"wrote {rows.num_rows:,} rows to {parquet}", highlight=False, markup=False)
    elif csv:
        write_csv(rows, sys.stdout.buffer)
    else:
        print_rows(console, rows)


def _file_and_sql(arguments: Sequence[str]) -> tuple[Path | None, str | None]:
    # Not by Path.is_file, which raises for SQL that is too long for a path.
    files = [
        each
        for each in arguments
        if each.endswith((".yaml", ".yml")) or os.path.isfile(each)  # noqa: PTH113
    ]
    texts = [each for each in arguments if each not in files]
    if len(files) > 1 or len(texts) > 1:
        raise Refused(
            [
                Problem(
                    what="query " + " ".join(arguments[:3]),
                    why=f"{len(arguments)} arguments, where one may be an experiment's file and "
                    "one the SQL",
                    mend='Put the SQL in quotes: crossgen query FILE "SELECT ..."',
                )
            ]
        )
    file = Path(files[0]) if files else None
    if file is not None and not file.is_file():
        raise Refused(
            [Problem(what=str(file), why="there is no such file", mend="Correct its name")]
        )
    return file, texts[0] if texts else None


def _check_output(sql: str | None, csv: bool, parquet: Path | None, overwrite: bool) -> None:
    problems = []
    if csv and parquet is not None:
        problems.append(("--csv and --parquet", "rows go to one place", "Give one of them"))
    if overwrite and parquet is None:
        problems.append(
            ("--overwrite without --parquet", "no file is written", "Name one with --parquet")
        )
    if sql is None and (csv or parquet is not None):
        problems.append(
            ("query", "there is no SQL, so there are no rows to write", "Give a SELECT")
        )
    if parquet is not None and parquet.is_dir():
        problems.append((f"--parquet {parquet}", "it is a folder", "Name a file in it"))
    elif parquet is not None and parquet.exists() and not overwrite:
        problems.append(
            (
                f"--parquet {parquet}",
                "there is such a file, and it is not overwritten",
                "Name another, or add --overwrite",
            )
        )
    if problems:
        raise Refused([Problem(what=what, why=why, mend=mend) for what, why, mend in problems])


def _selection_of_file(file: Path, store: str | None, narrowed: dict[str, Any]) -> StoreSelection:
    opened, choice = expansion_of_file(file, store, narrowed)
    selection = StoreSelection.of(opened, choice.experiments)
    selection.damaged.update(choice.damaged)
    if not selection.commits:  # an empty table would be taken for an answer
        print_note(
            f"no fit of {file} is in {opened.url} yet: `{command_line('run', file)}` trains them"
        )
    return selection


def _selection_of_store(
    store: str | None, experiment: str | None, digest: str | None, all_expansions: bool
) -> StoreSelection:
    opened = store_of(store)
    _check_holds_something(opened, store)
    selection = StoreSelection(opened, experiment, digest, all_expansions=all_expansions)
    for remark in selection.remarks:
        print_note(f"{remark} --all-expansions unites them.")
    return selection


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
