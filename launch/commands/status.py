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
def command(file: Path, every: bool, **given: Any) -> None:
    """Show how far FILE is and what failed.

    Of each failure: where, and its last words; the latest first.
    """
    from launch.desk import open_desk
    from launch.show_status import print_status

    print_status(open_desk(file, **given), every=every)
