"""`crossgen report`: one page of an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import (
    named_experiment_options,
    narrowing_options,
    optional_experiment_argument,
    store_option,
)

SECTION, PLACE = "look", 2


@click.command()
@optional_experiment_argument
@named_experiment_options
@store_option
@narrowing_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The page; default NAME.html here."
)
def command(file: Path | None, output: Path | None, **given: Any) -> None:
    """Write one HTML page of all results, and its numbers as JSON beside it."""
    from launch.show_experiment import overview_of, report_command

    shown = overview_of(file, **given)
    report_command(shown, output, given["store"] or (shown.store_url if file else None))
