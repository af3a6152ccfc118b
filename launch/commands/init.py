"""`crossgen init`: an experiment file for images that are there."""

from __future__ import annotations

from pathlib import Path

import click

SECTION, PLACE = "start", 2


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here, not to stdout.")
def command(folders: tuple[Path, ...], output: Path | None) -> None:
    """Write a commented experiment for images in FOLDERS."""
    from launch.init_command import write_experiment

    write_experiment(folders, output)
