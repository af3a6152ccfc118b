"""`crossgen doctor`: what may be wrong, before a run finds it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from launch.options import ExperimentFile, store_option

SECTION, PLACE = "run", 0
WHERE = ("ray", "slurm")


@click.command()
@click.argument("words", metavar="[slurm|ray] [FILE]", nargs=-1)
@store_option
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    store: str | None,
) -> None:
    """Say what would keep a run from going well, and how to mend it.

    Without a word it looks at this machine, with FILE also at its images, weights, plug-ins and
    store. Exit code 1: there is a problem.
    """
    where = words[0] if words and words[0] in WHERE else ""
    files = words[1:] if where else words
    if len(files) > 1:
        raise click.UsageError(f"One FILE is checked, and {len(files)} are given.")
    file: Path | None = ExperimentFile().convert(files[0], None, context) if files else None
    from launch.doctor_command import examine_here

    sys.exit(examine_here(file, store))
