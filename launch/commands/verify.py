"""`crossgen verify`: a committed fit or piece, repeated; a bundle, looked at and repeated."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from launch.options import store_option_without_file, trust_plugins_option

SECTION, PLACE = "compare", 2


@click.command()
@click.argument("what", metavar="FIT|BUNDLE")
@store_option_without_file
@click.option("--piece", metavar="PIECE", help="Repeat one piece of the fit, not its training.")
@click.option(
    "--images",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="ROOT",
    help="Look for the images below this folder, by content. May be given again.",
)
@click.option("--fit", metavar="FIT", help="Of a bundle: repeat this fit, or its --piece.")
@click.option(
    "--retrain",
    is_flag=True,
    help="With --piece: train the fit again first, where a bundle has no weights.",
)
@trust_plugins_option
def command(what: str, **given: Any) -> None:
    """Repeat a fit aside and say whether its numbers are equal.

    Of a BUNDLE (FILE.zip): whether it is whole, which of its images lie below --images, and with
    --fit a repetition of what it holds.
    """
    from launch.verify_bundle_command import verify_given

    sys.exit(verify_given(what, **given))
