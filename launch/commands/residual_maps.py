"""`crossgen residual-maps`: what NPR sees of the images of an experiment, on average."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import (
    drawn_images_option,
    experiment_argument,
    narrowing_options,
    square_size_option,
    store_option,
)

SECTION, PLACE = "look", 8


@click.command()
@experiment_argument
@drawn_images_option
@square_size_option
@store_option
@narrowing_options
def command(file: Path, **given: Any) -> None:
    """Average NPR's residual |x - up(down(x))| over all images that FILE tests on.

    Of each generator and each set of reals the mean over images at the official factor .5, and the
    maps of a few single images, into the store: figures of them then need no images. What is there
    already is not computed again.
    """
    from launch.pixel_maps.residuals import RESIDUALS
    from launch.pixel_maps_command import save_pixel_maps

    save_pixel_maps(RESIDUALS, "residual maps", file, **given)
