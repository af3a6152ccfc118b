"""`crossgen profile`: what training and testing take of memory."""

from __future__ import annotations

import sys
from typing import Any

import click

from launch.options import narrowing_options, store_option

SECTION, PLACE = "run", 7


@click.command()
@click.argument("words", metavar="FILE|DETECTOR...", nargs=-1, required=True)
@store_option
@narrowing_options
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="N",
    help="Images per training step; default each recipe's own.",
)
def command(words: tuple[str, ...], batch: int | None, **given: Any) -> None:
    """Measure what training and testing take of memory and time, on this machine's device.

    Of an experiment FILE each kind of work at its own batch, image size and precision; of DETECTORs
    their defaults, on noise. A run shares GPUs by what was measured on one.
    """
    from launch.profiling.profile_command import run_profile

    sys.exit(run_profile(words, batch=batch, **given))
