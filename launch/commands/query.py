"""`crossgen query`: SQL over a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import named_experiment_options, narrowing_options, store_option

SECTION, PLACE = "look", 3


@click.command()
@click.argument("arguments", metavar='[FILE] ["SQL"]', nargs=-1)
@named_experiment_options
@click.option(
    "--all-expansions",
    is_flag=True,
    help="All expansions of each experiment together: what was renamed since is there twice.",
)
@store_option
@narrowing_options
@click.option("--csv", "csv", is_flag=True, help="Print CSV.")
@click.option(
    "--parquet", type=click.Path(path_type=Path), help="Write the rows to a Parquet file."
)
@click.option("--overwrite", is_flag=True, help="With --parquet: replace a file that is there.")
def command(arguments: tuple[str, ...], **given: Any) -> None:
    """Ask the store in SQL, read-only. Without SQL: the views and their columns.

    With FILE: what it expands to now. Without: each experiment of the store as its latest
    expansion.
    """
    from launch.query_command import print_query

    print_query(arguments, **given)
