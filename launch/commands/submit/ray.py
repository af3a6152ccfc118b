"""`crossgen submit ray`: an experiment as a job of a Ray cluster that stands already."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from launch.invocation import Invocation
from launch.options import (
    address_option,
    env_option,
    experiment_argument,
    run_words_argument,
    store_option,
)

PLACE = 2


@click.command()
@experiment_argument
@run_words_argument
@store_option
@address_option
@env_option
@click.option(
    "--packages",
    type=click.Choice(["none", "lock"]),
    default="none",
    show_default=True,
    help="`lock`: the cluster has Ray and nothing else; it installs the packages of crossgen's "
    "lock first, by uv.",
)
@click.option(
    "--image",
    metavar="IMAGE",
    help="Run in this container image, which must hold crossgen, and see FILE at the same path: "
    "Ray uploads nothing into an image.",
)
@click.option(
    "--no-wait", is_flag=True, help="Do not follow the job; exit code 0 once it is there."
)
@click.option(
    "--no-check",
    is_flag=True,
    help="Do not hold FILE against its images, where these are visible here; the job does so.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be submitted, and do nothing.")
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    file: Path,
    words: tuple[str, ...],
    store: str | None,
    address: str | None,
    variables: tuple[str, ...],
    packages: str,
    image: str | None,
    no_wait: bool,
    no_check: bool,
    dry_run: bool,
) -> None:
    """Run FILE on a Ray cluster, as `crossgen run FILE` does, and follow it.

    What is uploaded is crossgen itself, FILE and the plug-ins and published tables that it names.
    Images, weights and the store must lie where the cluster sees them under the same paths. The
    exit code is that of the run; after 75 the same command goes on. Ctrl-C leaves the job running
    (130).
    Options of `crossgen run` come last, after `--`.
    """
    from launch.submit_ray_command import submit_ray

    sys.exit(
        submit_ray(
            file,
            words,
            invocation,
            store=store,
            address=address,
            variables=variables,
            install=packages == "lock",
            image=image,
            wait=not no_wait,
            check=not no_check,
            dry_run=dry_run,
        )
    )
