"""`crossgen run`: what is missing, done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from launch.invocation import Invocation
from launch.options import (
    experiment_argument,
    narrowing_options,
    running_options,
    smoke_option,
    store_option,
)

SECTION, PLACE = "run", 2


@click.command()
@experiment_argument
@store_option
@narrowing_options
@running_options
@smoke_option
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    file: Path,
    no_ray: bool,
    debug: bool,
    trials: tuple[str, ...],
    slots: int | None,
    attempts: int,
    task: Any,
    stale_after: float | None,
    budget_hours: float | None,
    resume_anyway: bool,
    smoke: bool,
    **given: Any,
) -> None:
    """Do what is missing of FILE: train, score, commit. Running again is resuming."""
    if debug and not no_ray:
        raise click.UsageError("--debug raises in this process: add --no-ray, and --trial FIT.")
    if task is not None and (not no_ray or debug):
        raise click.UsageError(
            "--task is a run of this process beside others: add --no-ray, and leave out --debug."
        )
    if stale_after is not None and task is None:
        raise click.UsageError("--stale-after is of array tasks: add --task I/N.")
    from grid.run.stopping import interruptible
    from launch.waiting import waiting

    with interruptible():  # until the driver is up, and has a flag for its trials
        with waiting("starting"):
            from grid.console import Console
            from launch.command_lines import print_hint
            from launch.desk import open_desk
            from launch.run_choices import STALE_S, RunChoices
            from launch.run_command import run_missing

        if smoke:
            from launch.smoke import smoke_file

            file, given = smoke_file(file, given)
        desk = open_desk(file, fits=trials, **given)
        choices = RunChoices(
            ray=not no_ray,
            slots=slots,
            attempts=attempts,
            resume_anyway=resume_anyway,
            debug=debug,
            task=task,
            stale_after_s=STALE_S if stale_after is None else stale_after,
            budget_hours=budget_hours,
        )
        code = run_missing(desk, choices, invocation)
        if code == 0 and desk.plan.missing:
            print_hint(Console(), "next", desk.given.command("matrix"))
    sys.exit(code)
