"""`crossgen doctor`: what may be wrong, before a run finds it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from launch.options import ExperimentFile, store_option

SECTION, PLACE = "run", 0
WHERE = ("ray", "slurm")


@click.command()
@click.argument("words", metavar="[slurm|ray] [FILE]", nargs=-1)
@store_option
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="Of ray: its head; else RAY_ADDRESS, else one of our own.",
)
@click.option(
    "--on-nodes", is_flag=True, help="Of slurm: a small job asks each node that is free now."
)
@click.option("--partition", metavar="NAME", help="With --on-nodes: whose; default Slurm's.")
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    store: str | None,
    address: str | None,
    on_nodes: bool,
    partition: str | None,
) -> None:
    """Say what would keep a run from going well, and how to mend it.

    Without a word it looks at this machine, with FILE also at its images, weights, plug-ins and
    store. With `ray` it joins the cluster and asks every node, with `slurm` it reads what the site
    allows. Exit code 1: there is a problem.
    """
    where = words[0] if words and words[0] in WHERE else ""
    files = words[1:] if where else words
    if len(files) > 1:
        raise click.UsageError(f"One FILE is checked, and {len(files)} are given.")
    file: Path | None = ExperimentFile().convert(files[0], None, context) if files else None
    if address is not None and where != "ray":
        raise click.UsageError("--address is of a Ray cluster: write `doctor ray`.")
    if (on_nodes or partition) and where != "slurm":
        raise click.UsageError("--on-nodes and --partition are of Slurm: write `doctor slurm`.")
    from launch.doctor_command import examine_here, examine_ray, examine_slurm

    if where == "ray":
        sys.exit(examine_ray(file, store, address))
    if where == "slurm":
        sys.exit(examine_slurm(file, store, on_nodes=on_nodes, partition=partition))
    sys.exit(examine_here(file, store))
