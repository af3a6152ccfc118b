"""`crossgen weights fetch`: published backbones by name."""

from __future__ import annotations

from pathlib import Path

import click

from launch.weights_options import trained_on_options, weights_folder_option

PLACE = 1


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@weights_folder_option
@trained_on_options
def command(
    names: tuple[str, ...],
    folder: Path | None,
    generators: tuple[str, ...],
    classes: tuple[str, ...],
    datasets: tuple[str, ...],
    licence: str | None,
) -> None:
    """Download weights that timm or open_clip publish into the weights folder.

    NAME is timm/<model>.<tag>, such as timm/resnet50.a1_in1k, or open_clip/<model>/<tag>, such as
    open_clip/ViT-L-14/openai. It needs a network; no trial ever does.
    """
    from launch.weights_commands import Stated, fetch_weights

    fetch_weights(names, folder, Stated(generators, classes, datasets, licence))
