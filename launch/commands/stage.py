"""`crossgen stage`: images copied to this node's own disk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from launch.options import experiment_argument, narrowing_options, store_option

SECTION, PLACE = "run", 6


@click.command()
@experiment_argument
@store_option
@narrowing_options
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="A folder on this node's own disk, empty or of an earlier call.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    metavar="N",
    help="Files copied at once.",
)
def command(file: Path, folder: Path, jobs: int, **given: Any) -> None:
    """Copy what a run of FILE reads to this node's disk.

    Where CROSSGEN_STAGED names the folder, workers read the copies instead of the shared files.
    """
    from launch.desk import open_desk
    from launch.stage_command import run_stage

    sys.exit(run_stage(open_desk(file, **given), folder.expanduser().absolute(), jobs))
