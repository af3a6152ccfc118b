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
def command(file: Path, **given: Any) -> None:
    """Show how far FILE is, and what failed where and why."""
    from launch.desk import open_desk
    from launch.show_status import print_status

    print_status(open_desk(file, **given))
