"""`crossgen open`: what a bundle holds, and what it answers."""

from __future__ import annotations

from pathlib import Path

import click

from launch.options import metric_option

SECTION, PLACE = "look", 10


@click.command()
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--matrix", is_flag=True, help="Print trained on against tested on.")
@click.option("--report", is_flag=True, help="Write its page.")
@click.option("--query", "sql", metavar="SQL", help="Ask it in SQL.")
@click.option("--csv", is_flag=True, help="With --query: print CSV.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="With --report: the page.")
@metric_option
def command(
    file: Path,
    matrix: bool,
    report: bool,
    sql: str | None,
    csv: bool,
    output: Path | None,
    metric: str,
) -> None:
    """Say what a bundle holds, or answer from it.

    It is a store that can only be read: `--store FILE` works with every reading command.
    """
    from launch.bundle_command import answer_from_bundle

    answer_from_bundle(
        file, matrix=matrix, report=report, sql=sql, csv=csv, output=output, metric=metric
    )
