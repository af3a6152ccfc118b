"""`crossgen weights check`: every file of the weights folder held against its checksum."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from launch.weights_options import weights_folder_option

PLACE = 4


@click.command()
@weights_folder_option
def command(folder: Path | None) -> None:
    """Read every file of the weights folder and hold it against its checksum.

    Exit code 0: all are whole, 1: one is damaged or gone.
    """
    from launch.weights_commands import check_weights

    sys.exit(check_weights(folder))
