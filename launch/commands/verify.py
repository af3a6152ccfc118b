"""`crossgen verify`: a committed fit or piece, repeated."""

from __future__ import annotations

import sys

import click

from launch.options import store_option_without_file

SECTION, PLACE = "compare", 2


@click.command()
@click.argument("fit")
@store_option_without_file
@click.option("--piece", metavar="PIECE", help="Repeat one piece of the fit, not its training.")
def command(fit: str, store: str | None, piece: str | None) -> None:
    """Repeat FIT aside and say whether its numbers are equal."""
    from launch.verify_command import print_verification

    sys.exit(print_verification(fit, store, piece))
