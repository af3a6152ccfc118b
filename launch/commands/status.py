"""`crossgen status`: how far it is, and what failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import experiment_argument, narrowing_options, store_option

SECTION, PLACE = "run", 3


@click.command()
@experiment_argument
@store_option
@narrowing_options
@click.option("--all", "every", is_flag=True, help="Every fit that is begun or failed.")
@click.option("--watch", is_flag=True, help="Show it anew until all is done or you press Ctrl-C.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: how often.",
)
def command(file: Path, every: bool, watch: bool, every_s: float, **given: Any) -> None:
    """Show how far FILE is and what failed.

    Of each failure: where, and its last words; the latest first.
    """
    if watch:
        from launch.desk import open_desk
        from launch.watch_status import watch as watch_status

        watch_status(open_desk(file, **given), every_s)
        return
    from launch.desk import open_desk
    from launch.show_status import print_status

    print_status(open_desk(file, **given), every=every)
