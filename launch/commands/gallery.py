"""`crossgen gallery`: the most confident mistakes of an experiment, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import (
    named_experiment_options,
    narrowing_options,
    optional_experiment_argument,
    store_option,
)

SECTION, PLACE = "look", 4


@click.command()
@optional_experiment_argument
@named_experiment_options
@click.option(
    "--fit",
    "fits",
    multiple=True,
    metavar="FIT",
    help="Only this fit, by its id or its beginning. May be given again.",
)
@click.option(
    "--test-set", "test_sets", multiple=True, metavar="NAME", help="Only this test set, likewise."
)
@click.option(
    "--degradation",
    default="none",
    show_default=True,
    metavar="TEXT",
    help="The images under this degradation; they are shown as they are stored.",
)
@click.option(
    "--images",
    "count",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="N",
    help="Of each kind of mistake in each cell.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The page; default NAME-gallery.html."
)
@store_option
@narrowing_options
def command(file: Path | None, **given: Any) -> None:
    """Write the reals that each fit is surest are fake, and the fakes it takes for real.

    One page with small pictures, of the experiment in FILE or of one that the store holds.
    """
    from launch.gallery_command import write_gallery

    write_gallery(file, **given)
