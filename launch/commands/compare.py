"""`crossgen compare`: is A better than B, and what does the answer speak about."""

from __future__ import annotations

from typing import Any

import click

from launch.options import (
    MetricName,
    named_experiment_options,
    narrowing_options,
    read_pairs,
    store_option,
)

SECTION, PLACE = "compare", 0


@click.command()
@click.argument("words", metavar="[FILE] A B", nargs=-1, required=True)
@named_experiment_options
@store_option
@narrowing_options
@click.option(
    "--metric", type=MetricName(), default="auc", show_default=True, help="What is compared."
)
@click.option(
    "--on",
    type=click.Choice(["unseen", "family", "other", "related", "trained", "all"]),
    default="unseen",
    show_default=True,
    help="Tested generators, by what was trained on.",
)
@click.option(
    "--claim",
    metavar="WORDS",
    help="What the answer speaks about: 'these files on these generators', 'this procedure on "
    "these generators', 'these files on new generators', 'this procedure on new generators' "
    "(default), 'this procedure on new training and test generators'.",
)
@click.option(
    "--by",
    type=click.Choice(["family", "generator_group", "generator", "degradation", "train"]),
    help="family: does the difference depend on it; degradation, train: an answer for each.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="KEY=VALUE",
    callback=read_pairs,
    help="Only what has this value of a setting, e.g. degradation='jpeg(75)' or train=progan.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="POINTS",
    help="The largest difference that would be none in practice: also tests whether A is as good.",
)
@click.option("--ordered", is_flag=True, help="The values stand on an axis: tests a trend.")
@click.option(
    "--units",
    type=click.Choice(["images", "seeds", "generators", "cells"]),
    help="Insist on what is counted as independent; refused where the claim varies more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON, nothing else.")
@click.option(
    "--threshold",
    type=float,
    metavar="SCORE",
    help="Of two CSV files: above it an image is called fake. Default 0, of logits; 0.5 of a file "
    "whose scores all lie between 0 and 1.",
)
@click.option(
    "--positive", metavar="LABEL", help="Of two CSV files: the label that large scores mean."
)
@click.option("--unpaired", is_flag=True, help="Of two CSV files: take their images as different.")
def command(words: tuple[str, ...], **given: Any) -> None:
    """Say whether A is better than B, in a sentence with its test.

    A and B are detectors, arms, or values of a setting (npr.factor=0.25 npr.factor=0.5) of an
    experiment, all else being equal; or two CSV files with the columns image, label, score
    (commas, semicolons or tabs between them).
    """
    from launch.compare_command import compare

    compare(words, **given)
