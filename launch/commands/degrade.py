"""`crossgen degrade`: a collection degraded once, as files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

SECTION, PLACE = "start", 6


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--degradation",
    required=True,
    metavar="TEXT",
    help="What to do, as in a file's `degradations:`, e.g. 'resize(factor=0.5) | jpeg(75)'.",
)
@click.option("--layout", metavar="NAME", help="How SOURCE's folders lie, instead of detecting it.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="Images at a time; default one per core.",
)
def command(
    source: Path, out: Path, degradation: str, layout: str | None, threads: int | None
) -> None:
    """Write the images of SOURCE, degraded, as PNG to OUT.

    OUT has SOURCE's folders and is a collection of its own; a table in it says what each image was
    made from. Draws are those of a test, so scores of OUT are those of SOURCE under the
    degradation. Running again makes what is missing. Ends with 1 where an image could not be made.
    """
    from grid.run.stopping import interruptible
    from launch.degrade_command import degrade

    with interruptible():
        code = degrade(source, out, degradation, layout=layout, threads=threads)
    sys.exit(code)
