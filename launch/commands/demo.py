"""`crossgen demo`: a small grid on toy images, from nothing to a page."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from launch.invocation import Invocation

SECTION, PLACE = "start", 1


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="For images, experiment file, store and page.",
)
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    metavar="N",
    help="Trials at a time; default one per core.",
)
@click.pass_obj
def command(invocation: Invocation, /, folder: Path, slots: int | None) -> None:
    """Make toy images, run a small grid, print its matrix; minutes."""
    from grid.run.stopping import interruptible
    from launch.waiting import waiting

    with interruptible():
        with waiting("starting"):
            from launch.demo_command import run_demo

        code = run_demo(folder, slots=slots, invocation=invocation)
    sys.exit(code)
