"""`crossgen detectors`: what can stand behind `detector:` in an experiment file."""

from __future__ import annotations

import click

SECTION, PLACE = "start", 9


@click.command()
@click.argument("name", metavar="[NAME|FILE.py]", required=False)
def command(name: str | None) -> None:
    """List all detectors; of one: its options, presets, recipes and published results."""
    from launch.detectors_command import show_detectors

    show_detectors(name)
