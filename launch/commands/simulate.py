"""`crossgen simulate`: fakes made of photographs, which have an up-sampler's traces alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

SECTION, PLACE = "start", 7


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--upsampler",
    "upsamplers",
    multiple=True,
    metavar="NAME",
    help="tconv, nearest, bilinear, shuffle, latent4 or latent8; may be repeated; default all.",
)
@click.option(
    "--split",
    "splits",
    multiple=True,
    type=click.Choice(["train", "validation", "test"]),
    help="Of SOURCE, which photographs are taken; may be repeated; default all.",
)
@click.option(
    "--as",
    "as_split",
    type=click.Choice(["train", "validation", "test"]),
    help="What all of OUT is for, where SOURCE does not say it; default as in SOURCE.",
)
@click.option(
    "--images", type=click.IntRange(min=1), help="At most so many photographs of each split."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the weights; default 0.")
@click.option("--layout", metavar="NAME", help="How SOURCE's folders lie, instead of detecting it.")
@click.option("--threads", type=click.IntRange(min=1), help="At a time; default one per core.")
def command(
    source: Path,
    out: Path,
    upsamplers: tuple[str, ...],
    splits: tuple[str, ...],
    as_split: str | None,
    images: int | None,
    seed: int,
    layout: str | None,
    threads: int | None,
) -> None:
    """Write photographs of SOURCE with simulated fakes to OUT.

    A fake is its photograph with the traces of an up-sampler: to train a detector on traces alone.
    OUT is a collection with the generators `upsampled_NAME`; each fake has the split, size and
    coding of its photograph. Running again makes what is missing. Ends with 1 where a photograph
    was left out.
    """
    from grid.run.stopping import interruptible
    from launch.simulate_command import simulate

    with interruptible():
        code = simulate(
            source,
            out,
            upsamplers=upsamplers,
            splits=splits,
            as_split=as_split or "",
            images=images,
            seed=seed,
            layout=layout,
            threads=threads,
        )
    sys.exit(code)
