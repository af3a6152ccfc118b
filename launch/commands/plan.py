"""`crossgen plan`: what is wanted, done and left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import experiment_argument, narrowing_options, smoke_option, store_option

SECTION, PLACE = "run", 1


@click.command()
@experiment_argument
@store_option
@narrowing_options
@smoke_option
@click.option("--why", is_flag=True, help="Say for each missing fit or piece why it is missing.")
def command(file: Path, smoke: bool, why: bool, **given: Any) -> None:
    """Show what FILE wants, what is done and what is left.

    Images are indexed, nothing is trained. Whatever a run would refuse is refused here.
    """
    from grid.console import Console
    from grid.plan.known_failures import refuse_known_failures
    from launch.command_lines import print_hint
    from launch.desk import open_desk
    from launch.show_plan import print_plan, print_reasons
    from launch.show_unreadable import print_known_nulls, print_left_out_of_training

    if smoke:
        from launch.smoke import smoke_file

        file, given = smoke_file(file, given)
    desk = open_desk(file, **given)
    null_scores = refuse_known_failures(desk.plan, desk.store)
    print_plan(desk)
    print_left_out_of_training(Console(), desk)
    print_known_nulls(Console(), desk, null_scores)
    if why:
        print_reasons(desk)
    if desk.plan.missing:
        print_hint(Console(), "next", desk.given.command("run"))
