"""`crossgen bundle`: an experiment's results in one file."""

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

SECTION, PLACE = "keep", 5


@click.command()
@experiment_or_file_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE.zip",
    help="The bundle.",
)
@click.option("--with-weights", is_flag=True, help="Pack the weights of the fits too.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@digest_option
@store_option
@narrowing_options
def command(word: str | None, output: Path, **given: Any) -> None:
    """Pack an experiment's results into one file.

    Scores, manifests, commits, provenance and the page, without images. `crossgen open` and every
    reading command answer from it anywhere.
    """
    from launch.bundle_command import write_bundle

    write_bundle(word, output, **given)
