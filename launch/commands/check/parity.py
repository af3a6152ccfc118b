"""`crossgen check parity`: detectors, held against numbers of their official code."""

from __future__ import annotations

import sys
from pathlib import Path

import click

PLACE = 3


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
def command(folder: Path) -> None:
    """Hold detectors against the numbers of official code in FOLDER.

    Each file, `NPR.json` and the like, states how its images and weights are made and what came
    out. Exit code 0: all that was checked is equal, 1: a number is more than 1e-4 off, or
    nothing could be checked.
    """
    from launch.parity_command import check_parity_files

    sys.exit(check_parity_files(folder))
