"""`crossgen diff`: two fits, held against each other."""

from __future__ import annotations

import click

from launch.options import store_option_without_file

SECTION, PLACE = "compare", 1


@click.command()
@click.argument("first")
@click.argument("second")
@store_option_without_file
def command(first: str, second: str, store: str | None) -> None:
    """Say in which fields of their identity two fits differ."""
    from launch.diff_command import print_difference

    print_difference(first, second, store)
