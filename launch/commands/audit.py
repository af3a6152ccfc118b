"""`crossgen audit`: whether something beside the pictures tells fakes from reals."""

from __future__ import annotations

from pathlib import Path

import click

from launch.options import store_option

SECTION, PLACE = "start", 3


@click.command()
@click.argument(
    "places", metavar="FILE | ROOT...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@store_option
@click.option(
    "--equalise",
    metavar="TEXT",
    help="Also look at the pixels after this equalise; default the one of FILE.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=10),
    metavar="N",
    default=200,
    show_default=True,
    help="Images of each pool whose pixels are looked at, drawn by hash.",
)
@click.option(
    "--near",
    is_flag=True,
    help="Decode every image and count look-alikes (perceptual hashes up to 3 of 64 bits apart).",
)
@click.option("--all", "every", is_flag=True, help="Show all that was found, not the first lines.")
@click.option("--layout", metavar="NAME", help="How the folders lie, instead of detecting it.")
@click.option("--rehash", is_flag=True, help="Read every image file again.")
def command(
    places: tuple[Path, ...],
    store: str | None,
    equalise: str | None,
    sample: int,
    near: bool,
    every: bool,
    layout: str | None,
    rehash: bool,
) -> None:
    """Say what tells reals from fakes beside the picture.

    File headers, JPEG history and interpolation in pixels, images in two places; of all that the
    experiment FILE compares, or of every generator and dataset below the ROOTs. The result is kept
    in the store, and reports show it.
    """
    from launch.audit_command import run_audit

    run_audit(
        places,
        store=store,
        equalise=equalise,
        sample=sample,
        near=near,
        every=every,
        layout=layout,
        rehash=rehash,
    )
