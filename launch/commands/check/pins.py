"""`crossgen check pins`: the logits of detectors, held against those pinned beside them."""

from __future__ import annotations

import sys

import click

PLACE = 2


@click.command()
@click.option("--write", metavar="NAME", help="Pin the logits of this detector's present version.")
def command(write: str | None) -> None:
    """Hold each detector's logits against those that are pinned.

    They are of fixed weights and images. Exit code 0: none has moved, 1: one has, or is of a
    version that is not pinned.
    """
    from launch.pin_command import check_pins

    sys.exit(check_pins(write))
