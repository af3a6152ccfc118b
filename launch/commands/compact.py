"""`crossgen compact`: many small score files copied into few."""

from __future__ import annotations

import click

from launch.options import store_option_without_file

SECTION, PLACE = "keep", 2


@click.command()
@store_option_without_file
def command(store: str | None) -> None:
    """Copy many small score files into few, for faster SQL."""
    from launch.upkeep_commands import run_compact

    run_compact(store)
