"""`crossgen index`: what lies in folders of images, and what of it cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

SECTION, PLACE = "start", 3


@click.command()
@click.argument("roots", nargs=-1, type=click.Path(path_type=Path), metavar="ROOT|FILE.yaml ...")
@click.option("--layout", metavar="NAME", help="How the folders lie, instead of detecting it.")
@click.option("--rehash", is_flag=True, help="Read every file again.")
@click.option("--threads", type=click.IntRange(min=1), help="That read files at a time.")
@click.option(
    "--problems",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Write all files that cannot be used here.",
)
@click.option(
    "--write",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.parquet",
    help="Write the manifest here: a row per image.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(roots: tuple[Path, ...], as_json: bool, **given: Any) -> None:
    """Read and sum up the images below ROOTs; list unusable files.

    ROOT is the folder of a collection; of an experiment file all roots are meant. What is read is
    kept, so that `plan` and `run` need not read it again. Ends with 1 where files cannot be used,
    or where one image has two labels.
    """
    from grid.run.stopping import interruptible
    from launch.index_command import index_roots

    with interruptible():
        code = index_roots(roots, as_json=as_json, **given)
    sys.exit(code)
