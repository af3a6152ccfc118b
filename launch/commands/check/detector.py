"""`crossgen check detector`: whether a detector is what every detector must be."""

from __future__ import annotations

import sys

import click

PLACE = 4


@click.command()
@click.argument("name", metavar="NAME|FILE.py")
def command(name: str) -> None:
    """Run the contract of detectors on one: of the zoo, or in a file of your own.

    A line per check; one that fails says why and what to do. It looks at the tiny network where
    the detector has `size: tiny`. Exit code 0: all hold, 1: one does not.
    """
    from launch.detector_check_command import check_detector

    sys.exit(check_detector(name))
