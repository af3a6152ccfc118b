"""`crossgen features`: what a fit's last layer is given of images, before and after training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from launch.options import store_option_without_file, trust_plugins_option

SECTION, PLACE = "look", 6


@click.command()
@click.option("--fit", required=True, metavar="FIT", help="A committed fit, or how its id begins.")
@click.option(
    "--at",
    default="final",
    show_default=True,
    metavar="init|EPOCH|final|both",
    help="At its initial weights, after an epoch that was kept, or at the selected one; both: init "
    "and final side by side, in the store for figures.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME",
    help="Images of this test set, e.g. g/dcgan; default all that it is scored on.",
)
@click.option("--training", is_flag=True, help="Instead: images that it was trained on.")
@click.option(
    "--images",
    "per_pool",
    type=click.IntRange(min=2),
    default=500,
    show_default=True,
    metavar="N",
    help="At most so many of each pool.",
)
@click.option("--seed", default=0, show_default=True, metavar="N", help="Of the draw of images.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.parquet",
    help="Where to; default the store. The picture lies beside it, as .png.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    help="Where to compute; default the GPU if there is one.",
)
@store_option_without_file
@trust_plugins_option
def command(at: str, output: Path | None, **given: Any) -> None:
    """Save what FIT's last linear layer is given of images, and their first two components.

    The images are the same for every fit of an experiment, so `--at init` and `--at final` show
    what training changed.
    """
    if at == "both":
        if output is not None:
            raise click.UsageError("--at both lies in the store: leave -o out.")
        from launch.feature_planes_command import save_planes

        save_planes(**given)
        return
    from launch.features_command import save_features

    save_features(at=at, output=output, **given)
