"""`crossgen export`: an experiment's results as one tidy file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import (
    digest_option,
    experiment_or_file_argument,
    narrowing_options,
    store_option,
)

SECTION, PLACE = "look", 9


@click.command()
@experiment_or_file_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The file: .parquet or .csv.",
)
@click.option(
    "--scores/--cells",
    help="One row per image and piece, with the image's id, path and label, or, which is the "
    "default, one row per cell, with its metrics.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@digest_option
@store_option
@narrowing_options
def command(word: str | None, output: Path, **given: Any) -> None:
    """Write cells, or scores, to one Parquet or CSV file.

    Of a FILE: what it expands to now. Of a name: the latest expansion in the store.
    """
    from launch.export_command import export_results

    export_results(word, output, **given)
