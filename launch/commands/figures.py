"""`crossgen figures`: an experiment's figures, as files for a paper."""

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

SECTION, PLACE = "look", 8


@click.command()
@click.argument("words", metavar="[FILE] [NAME...]", nargs=-1)
@click.option(
    "--list", "lists", is_flag=True, help="List the kinds of figures and what each needs."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder; default NAME-figures here.",
)
@click.option(
    "--matrix",
    "titles",
    multiple=True,
    metavar="TEXT",
    help="Only matrices with this in their title, e.g. 'jpeg(75)'. Without it, those of whole "
    "images at the selected epoch are drawn. May be given again for more.",
)
@metric_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["png", "pdf"]),
    default="png",
    show_default=True,
    help="PNG has 300 dots per inch; PDF is lines and letters.",
)
@named_experiment_options
@store_option
@narrowing_options
def command(words: tuple[str, ...], lists: bool, **given: Any) -> None:
    """Draw heat maps, forest plots, curves: all kinds, or each NAME.

    Of the experiment in FILE or of one that the store holds. Captions and a description in words
    of each figure are written beside them. The same store gives the same files.
    """
    from launch.figures_command import file_and_kinds, list_kinds, write_figures

    file, kinds = file_and_kinds(words)
    if lists:
        list_kinds(kinds)
    else:
        write_figures(file, kinds, **given)
