"""`crossgen weights import`: a checkpoint from elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from launch.options import read_pairs
from launch.weights_options import trained_on_options, weights_folder_option

PLACE = 2


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--as", "name", metavar="NAME", required=True, help="What `weights:` will call it.")
@click.option(
    "--detector",
    metavar="NAME",
    help="It is an official checkpoint of this detector; without it, a backbone's.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    callback=read_pairs,
    help="With --detector: an option that is not its default. May be given again.",
)
@click.option(
    "--own-keys", is_flag=True, help="With --detector: the keys are crossgen's, as of a fit."
)
@weights_folder_option
@trained_on_options
def command(
    file: Path,
    name: str,
    detector: str | None,
    options: tuple[tuple[str, str], ...],
    own_keys: bool,
    folder: Path | None,
    generators: tuple[str, ...],
    classes: tuple[str, ...],
    datasets: tuple[str, ...],
    licence: str | None,
) -> None:
    """Bring a checkpoint (.pth, .pt, .safetensors) into the weights folder.

    Its tensors alone are read: a file that would run code is refused. With --detector they must
    fit that detector's network to the last key; under the name of a published backbone
    (timm/<model>.<tag>) the keys of that model. Nothing is written where something does not fit.
    """
    from launch.weights_commands import Stated, import_weights

    import_weights(
        file,
        name,
        folder,
        Stated(generators, classes, datasets, licence),
        detector=detector,
        options=options,
        own_keys=own_keys,
    )
