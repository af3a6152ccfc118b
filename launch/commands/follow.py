"""`crossgen follow`: the log of a submitted run, and its exit code."""

from __future__ import annotations

import sys

import click

from launch.options import address_option

SECTION, PLACE = "run", 8


@click.command()
@click.argument("job", metavar="JOB")
@address_option
def command(job: str, address: str | None) -> None:
    """Follow a run on a Ray cluster from its beginning; the exit code is the run's.

    JOB is what `crossgen submit ray` printed. Ctrl-C leaves the job running (130).
    """
    from launch.stop_command import follow_job

    sys.exit(follow_job(job, address))
