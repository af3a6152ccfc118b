"""Options that the commands of `crossgen weights` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

weights_folder_option = click.option(
    "--weights-folder",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where weights lie. Else CROSSGEN_WEIGHTS, else weights/ in the user's cache.",
)


def trained_on_options(command: Command) -> Command:
    """Add what weights were trained on, and under which licence they are given."""
    for option in reversed(
        (
            click.option(
                "--generator",
                "generators",
                multiple=True,
                metavar="NAME",
                help="The weights were trained on this generator's images; `none` where on no "
                "generated image. May be given again. A test on it is then never called unseen.",
            ),
            click.option(
                "--class",
                "classes",
                multiple=True,
                metavar="NAME",
                help="They were trained on images of this class. May be given again.",
            ),
            click.option(
                "--dataset",
                "datasets",
                multiple=True,
                metavar="NAME",
                help="They were trained on this collection, for people. May be given again.",
            ),
            click.option("--licence", metavar="NAME", help="Under which they are given."),
        )
    ):
        command = option(command)
    return command
