"""`crossgen submit slurm`: an experiment as a batch job that requeues itself until it is done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from launch.options import experiment_argument, run_words_argument, store_option

PLACE = 1

_POSITIVE = click.IntRange(min=1)
_FOLDER = click.Path(file_okay=False, path_type=Path)

_OPTIONS = (
    click.option(
        "--nodes", type=_POSITIVE, metavar="N", default=1, show_default=True, help="How many."
    ),
    click.option("--gpus", type=_POSITIVE, metavar="N", help="GPUs of each node."),
    click.option(
        "--cpus", type=_POSITIVE, metavar="N", help="CPUs of each node; default: whole nodes."
    ),
    click.option("--memory", metavar="SIZE", help="Of each node, such as 64G."),
    click.option(
        "--partition",
        metavar="NAME",
        help="Where it runs; as the next ones, else as the site has it.",
    ),
    click.option("--account", metavar="NAME", help="Who is charged."),
    click.option("--qos", metavar="NAME", help="Quality of service."),
    click.option("--constraint", metavar="FEATURES", help="What nodes must have."),
    click.option("--time", metavar="LIMIT", help="Minutes, H:MM:SS or D-HH; else the site's."),
    click.option(
        "--signal",
        "signal_s",
        type=_POSITIVE,
        metavar="SECONDS",
        default=120,
        show_default=True,
        help="So long before the limit, checkpoints are written and the job is requeued.",
    ),
    click.option(
        "--no-requeue", is_flag=True, help="Requeueing is forbidden: a dependent job goes on."
    ),
    click.option(
        "--array",
        metavar="N[%M]",
        help="N tasks without Ray, each on a node of its own, at most M at a time: for sites where "
        "several nodes at once are long in coming.",
    ),
    click.option("--container", metavar="IMAGE", help="Run in this image, which holds crossgen."),
    click.option(
        "--runtime",
        type=click.Choice(["apptainer", "pyxis"]),
        default="apptainer",
        show_default=True,
        help="What runs the image.",
    ),
    click.option(
        "--mount",
        "mounts",
        multiple=True,
        metavar="DIR[:DIR]",
        help="What the container sees of the file system: images, the store, FILE, the logs.",
    ),
    click.option("--venv", type=_FOLDER, help="Virtual environment; default: this command's own."),
    click.option("--conda", metavar="NAME", help="Conda environment instead."),
    click.option("--module", "modules", multiple=True, metavar="NAME", help="Loaded first."),
    click.option("--stage", is_flag=True, help="Copy the images to each node's own disk first."),
    click.option("--name", metavar="NAME", help="Of the job; default the experiment's."),
    click.option(
        "--logs",
        type=_FOLDER,
        default="slurm-logs",
        show_default=True,
        help="Folder for the script and its output, which all nodes see.",
    ),
    click.option(
        "--sbatch", multiple=True, metavar="OPTION", help="Of sbatch, such as --mail-type=END."
    ),
)


def _slurm_options(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@experiment_argument
@run_words_argument
@store_option
@_slurm_options
@click.option("--dry-run", is_flag=True, help="Print the script, and submit nothing.")
def command(file: Path, words: tuple[str, ...], **given: Any) -> None:
    """Run FILE as a Slurm job: Ray over its nodes, the driver within it.

    Before the time limit and when another job takes its place it writes checkpoints, is requeued,
    and goes on: until it is done, or three runs in a row have added nothing. Options of
    `crossgen run` come last, after `--`.
    """
    from launch.submit_slurm_command import submit_slurm

    sys.exit(submit_slurm(file, words, **given))
