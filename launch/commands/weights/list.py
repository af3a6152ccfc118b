"""`crossgen weights list`: what the weights folder holds."""

from __future__ import annotations

from pathlib import Path

import click

from launch.weights_options import weights_folder_option

PLACE = 3


@click.command()
@weights_folder_option
def command(folder: Path | None) -> None:
    """List the weights folder: names, whose weights they are, what they were trained on."""
    from launch.weights_commands import list_weights

    list_weights(folder)
