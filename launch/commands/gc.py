"""`crossgen gc`: what no commit names, deleted."""

from __future__ import annotations

import click

from launch.options import store_option_without_file

SECTION, PLACE = "keep", 3


@click.command()
@store_option_without_file
@click.option("--dry-run", is_flag=True, help="List what would be deleted; delete nothing.")
def command(store: str | None, dry_run: bool) -> None:
    """Delete what no commit names: lost attempts, old checkpoints."""
    from launch.upkeep_commands import run_gc

    run_gc(store, dry_run=dry_run)
