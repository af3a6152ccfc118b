"""`crossgen power`: what a planned design can find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import (
    metric_option,
    named_experiment_options,
    narrowing_options,
    optional_experiment_argument,
    store_option,
)

SECTION, PLACE = "compare", 8
_POINTS = click.FloatRange(min=0, min_open=True)


@click.command()
@optional_experiment_argument
@named_experiment_options
@store_option
@narrowing_options
@metric_option
@click.option("--seeds", type=click.IntRange(min=1), metavar="N", help="Seeds of each method.")
@click.option(
    "--generators",
    type=click.IntRange(min=1),
    metavar="N",
    help="Test generators that are new to what is trained on.",
)
@click.option(
    "--training", type=click.IntRange(min=1), metavar="N", help="Training sets, each a generator."
)
@click.option(
    "--images",
    type=click.IntRange(min=1),
    metavar="N",
    help="Images of one test set, both classes.",
)
@click.option(
    "--comparisons",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many comparisons are corrected together, by Holm.",
)
@click.option(
    "--family",
    "families",
    multiple=True,
    metavar="NAME=N",
    help="Test generators of a family, e.g. gan=1; may be given again for another.",
)
@click.option(
    "--seed-sd", type=_POINTS, metavar="POINTS", help="Spread between seeds of one method."
)
@click.option(
    "--generator-sd",
    type=_POINTS,
    metavar="POINTS",
    help="Spread, between test generators, of the difference of two methods.",
)
@click.option(
    "--training-sd",
    type=_POINTS,
    metavar="POINTS",
    help="Spread, between training sets, of the difference of two methods.",
)
@click.option(
    "--gain",
    "gains",
    type=_POINTS,
    multiple=True,
    default=(1.0, 2.0),
    show_default=True,
    metavar="POINTS",
    help="A true difference; how many seeds find it. May be given again.",
)
def command(file: Path | None, **given: Any) -> None:
    """Say what a design can find: smallest differences, seeds needed, smallest p.

    With FILE or --experiment the design is the experiment's, and its spreads are measured as far as
    its store has results. Options say otherwise; without either, --seeds and --generators are the
    least.
    """
    from launch.power_command import print_power

    print_power(file, **given)
