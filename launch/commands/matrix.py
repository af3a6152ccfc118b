"""`crossgen matrix`: trained on against tested on, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import (
    metric_option,
    named_experiment_options,
    narrowing_options,
    optional_experiment_argument,
    store_option,
)

SECTION, PLACE = "look", 1


@click.command()
@optional_experiment_argument
@named_experiment_options
@store_option
@narrowing_options
@metric_option
def command(file: Path | None, metric: str, **given: Any) -> None:
    """Print trained on (rows) against tested on (columns)."""
    from launch.show_experiment import overview_of, print_matrix

    shown = overview_of(file, **given)
    print_matrix(shown, metric, given["store"] or (shown.store_url if file else None))
