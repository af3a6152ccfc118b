"""`crossgen spectra`: what the images of an experiment look like by frequency."""

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

SECTION, PLACE = "look", 7


@click.command()
@experiment_argument
@drawn_images_option
@square_size_option
@store_option
@narrowing_options
def command(file: Path, **given: Any) -> None:
    """Average the log power spectra of all images that FILE tests on.

    Of each generator and each set of reals the mean over images with its standard error, of the
    plane and of rings of frequency, into the store: figures of them then need no images. What is
    there already is not computed again.
    """
    from launch.pixel_maps.spectra import SPECTRA
    from launch.pixel_maps_command import save_pixel_maps

    save_pixel_maps(SPECTRA, "spectra", file, **given)
