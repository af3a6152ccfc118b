"""`crossgen check store`: every file of a store looked at."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from launch.options import optional_experiment_argument, store_option

PLACE = 1


@click.command()
@optional_experiment_argument
@store_option
@click.option("--deep", is_flag=True, help="Read every byte, those of the weights too.")
@click.option(
    "--repair",
    is_flag=True,
    help="Set what is damaged aside, below aside/ in the store, so that the next run makes it "
    "again; nothing is deleted.",
)
def command(file: Path | None, store: str | None, deep: bool, repair: bool) -> None:
    """Look at every file of a store, and say what is damaged.

    It says as well what that makes unusable. Exit code 0: nothing is damaged, 1: something is
    damaged or missing, 3: something cannot be read.
    """
    from launch.check_store_command import check_store_command

    sys.exit(check_store_command(file, store, deep=deep, repair=repair))
