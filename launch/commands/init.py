"""`crossgen init`: an experiment file for images that are there."""

from __future__ import annotations

from pathlib import Path

import click

SECTION, PLACE = "start", 4


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.yaml",
    help="Write here, not to stdout.",
)
@click.option("--layout", metavar="NAME", help="How the folders lie, instead of detecting it.")
def command(folders: tuple[Path, ...], output: Path | None, layout: str | None) -> None:
    """Write a commented experiment for the images in FOLDERS.

    Each folder is the root of a collection. What only you can decide (labels that format or size
    gives away, files that cannot be used) is left blank, and its line is named.
    """
    from launch.init_command import write_experiment

    write_experiment(folders, output, layout)
