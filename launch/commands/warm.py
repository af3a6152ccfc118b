"""`crossgen warm`: images decoded ahead of a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from launch.options import experiment_argument, narrowing_options, store_option

SECTION, PLACE = "run", 5


@click.command()
@experiment_argument
@store_option
@narrowing_options
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes; default one per core."
)
def command(file: Path, jobs: int | None, **given: Any) -> None:
    """Decode what FILE reads on this node, ahead of a run.

    A run does so by itself, image by image; many images at once take fewer trials waiting.
    """
    from launch.desk import open_desk
    from launch.warm_command import run_warm

    sys.exit(run_warm(open_desk(file, **given), jobs))
