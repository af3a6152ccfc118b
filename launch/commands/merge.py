"""`crossgen merge`: stores into one."""

from __future__ import annotations

import sys

import click

SECTION, PLACE = "keep", 4


@click.command()
@click.argument("into", metavar="INTO")
@click.argument("sources", metavar="FROM...", nargs=-1, required=True)
def command(into: str, sources: tuple[str, ...]) -> None:
    """Copy into a store what it lacks of others.

    Every file is proved first and none is replaced; of a fit that both trained, that of INTO stays.
    After a stop the same command goes on.
    """
    from launch.merge_command import merge_stores

    sys.exit(merge_stores(into, sources))
