"""`crossgen predict`: images scored by fits, or by a checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from launch.options import read_pairs, store_option_without_file, trust_plugins_option

SECTION, PLACE = "look", 5


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--fit",
    "fits",
    multiple=True,
    metavar="FIT",
    help="A committed fit, by its id or its beginning. Several are an ensemble too.",
)
@click.option(
    "--ensemble",
    type=click.Choice(["mean_logit", "vote"]),
    default="mean_logit",
    show_default=True,
    help="With several fits: what they say together.",
)
@store_option_without_file
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Instead of a fit: a checkpoint (.pth, .pt, .safetensors) of --detector.",
)
@click.option("--detector", metavar="NAME", help="With --weights: whose checkpoint it is.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    callback=read_pairs,
    help="With --weights: an option that is not its default. May be given again.",
)
@click.option(
    "--input",
    "input_preset",
    metavar="PRESET",
    help="With --weights: the geometry, as in a file's `input:`; default the detector's own.",
)
@click.option("--own-keys", is_flag=True, help="With --weights: the keys are crossgen's own.")
@click.option(
    "--explain",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Save as PNG what the detector sees of each image, and where its logit comes from.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write all numbers to a .csv or .parquet file.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    help="Where to compute; default the GPU if there is one.",
)
@trust_plugins_option
def command(images: tuple[Path, ...], **given: Any) -> None:
    """Say of IMAGES, files and folders, how likely each is fake.

    P is the sigmoid of the logit, and once more scaled by the temperature that fits the validation
    scores best: that is honest for images like those of the validation only. An image is called
    fake where its logit is above 0. Ends with 1 where a file could not be scored.
    """
    from launch.predict_command import predict_images

    sys.exit(predict_images(images, **given))
