"""`crossgen stop`: a submitted run, ended as Ctrl-C ends one."""

from __future__ import annotations

import sys

import click

from launch.options import address_option

SECTION, PLACE = "run", 9


@click.command()
@click.argument("job", metavar="JOB")
@address_option
def command(job: str, address: str | None) -> None:
    """Stop a submitted run: its trials write checkpoints, and the same submission goes on later.

    JOB is what `crossgen submit` printed: raysubmit_... of a Ray cluster, a number of Slurm. Waits
    until the job has ended and says what is left.
    """
    from launch.stop_command import stop_job

    sys.exit(stop_job(job, address))
