"""`crossgen experiments`: those that come with crossgen, listed and copied out."""

from __future__ import annotations

from pathlib import Path

import click

SECTION, PLACE = "start", 5


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Copy the experiment NAME to this file, which must not be there yet.",
)
def command(name: str | None, output: Path | None) -> None:
    """List the experiments that come with crossgen; of one: its file.

    A copy is yours to change. `crossgen run FILE --smoke` tries it out without any images.
    """
    if output is not None and name is None:
        raise click.UsageError("-o needs NAME: which experiment to copy.")
    from launch.experiments_command import copy_experiment, list_experiments, print_experiment

    if name is None:
        list_experiments()
    elif output is None:
        print_experiment(name)
    else:
        copy_experiment(name, output)
