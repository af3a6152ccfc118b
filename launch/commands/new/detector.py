"""`crossgen new detector`: a detector to begin with, and its test."""

from __future__ import annotations

from pathlib import Path

import click

PLACE = 1


@click.command()
@click.argument("name")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for both files; without it the zoo and the tests of a checkout.",
)
def command(name: str, to: Path | None) -> None:
    """Write a small detector NAME that works, to be changed, with its test.

    With --to it is a plug-in: an experiment file names it under `plugins:`.
    """
    from launch.new_detector import write_new_detector

    write_new_detector(name, to)
