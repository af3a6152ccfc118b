"""`crossgen index`: what lies in folders of images, and what of it cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

SECTION, PLACE = "start", 2


def _shard(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    if value is None:
        return None
    number, slash, of = value.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise click.BadParameter(f"{value!r} is no part: the second of eight is --shard 2/8")
    return int(number), int(of)


def _moved(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[Path, Path], ...]:
    pairs = []
    for value in values:
        old, equals, new = value.partition("=")
        if not (old and equals and new):
            raise click.BadParameter(f"{value!r} is not OLD=NEW: give the two roots")
        pairs.append((Path(old).expanduser(), Path(new).expanduser()))
    return tuple(pairs)


@click.command()
@click.argument("roots", nargs=-1, type=click.Path(path_type=Path), metavar="ROOT|FILE.yaml ...")
@click.option("--layout", metavar="NAME", help="How the folders lie, instead of detecting it.")
@click.option("--rehash", is_flag=True, help="Read every file again.")
@click.option("--decode", is_flag=True, help="Decode every image once, to find broken pixels.")
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Files that are read at a time."
)
@click.option(
    "--shard",
    metavar="I/N",
    callback=_shard,
    help="Read part I of N only, as one machine of N; --merge makes one index of all parts.",
)
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Cache folder with parts that --shard has read; once for each.",
)
@click.option(
    "--map",
    "moved",
    multiple=True,
    metavar="OLD=NEW",
    callback=_moved,
    help="A root that was moved: take over what was read of it, and index it at NEW.",
)
@click.option(
    "--problems",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Write all files that cannot be used here.",
)
@click.option(
    "--write",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.parquet",
    help="Write the manifest here: a row per image.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(roots: tuple[Path, ...], as_json: bool, **given: Any) -> None:
    """Read and sum up the images below ROOTs; list unusable files.

    ROOT is the folder of a collection; of an experiment file all roots are meant. What is read is
    kept, so that `plan` and `run` need not read it again. Ends with 1 where files cannot be used,
    where images do not decode, or where one image has two labels.
    """
    from grid.run.stopping import interruptible
    from launch.index_command import IndexOptions, index_roots

    if given["shard"] and (given["merge"] or given["moved"]):
        raise click.UsageError("--shard reads one part; --merge and --map are of whole roots.")
    with interruptible():
        code = index_roots(roots, IndexOptions(as_json=as_json, **given))
    sys.exit(code)
