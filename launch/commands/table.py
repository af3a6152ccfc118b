"""`crossgen table`: an experiment's results as tables, on the terminal and for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import (
    metric_option,
    named_experiment_options,
    narrowing_options,
    store_option,
)

SECTION, PLACE = "look", 7


@click.command()
@click.argument("words", metavar="[FILE] [NAME...]", nargs=-1)
@click.option("--list", "lists", is_flag=True, help="List the kinds of tables and what each needs.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "csv", "latex"]),
    default="text",
    show_default=True,
    help="LaTeX needs the package booktabs; CSV has every digit, as shares of 1.",
)
@metric_option
@click.option(
    "--average",
    type=click.Choice(["macro", "pooled"]),
    default="macro",
    show_default=True,
    help="Means over cells: each cell counts once, or each image, which shares of images allow.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; of several tables as CSV one file each, NAME-TABLE.csv.",
)
@named_experiment_options
@store_option
@narrowing_options
def command(words: tuple[str, ...], lists: bool, **given: Any) -> None:
    """Print tables of an experiment: matrix, means, sweep, rankings, rates, published, ...

    Of the experiment in FILE or of one that the store holds. Without NAME: `means`.
    """
    from launch.table_command import file_and_kinds, list_kinds, show_tables

    file, kinds = file_and_kinds(words)
    if lists:
        list_kinds()
    else:
        show_tables(file, kinds, **given)
