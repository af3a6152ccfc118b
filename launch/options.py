"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from launch.command_lines import command_line
from launch.task_share import TaskShareType

Command = Callable[..., Any]


class ExperimentFile(click.Path):
    """The path of an experiment file; a folder in its place is answered with `init`."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; refuse what is no file."""
        if Path(value).is_dir():
            command = command_line("init", value, "-o", "experiment.yaml")
            self.fail(
                f"{value!r} is a folder. Write an experiment for it:\n  {command}", param, ctx
            )
        return super().convert(value, param, ctx)


experiment_argument = click.argument("file", metavar="FILE", type=ExperimentFile())

optional_experiment_argument = click.argument(
    "file", metavar="[FILE]", required=False, type=ExperimentFile()
)

experiment_or_file_argument = click.argument("word", metavar="[EXPERIMENT|FILE]", required=False)

digest_option = click.option(
    "--digest", metavar="DIGEST", help="Of its expansions this one; default the latest."
)


def _store_option(otherwise: str) -> Callable[[Command], Command]:
    return click.option(
        "--store", metavar="DIR|s3://...", help=f"Where results are kept. {otherwise}"
    )


store_option = _store_option("Else the file's `store:`, else CROSSGEN_STORE, else ./runs.")

store_option_without_file = _store_option("Else CROSSGEN_STORE, else ./runs.")


trust_plugins_option = click.option(
    "--trust-plugins",
    is_flag=True,
    help="Where a fit's detector is a plug-in, run its code, which the store holds: only of stores "
    "whose authors you trust.",
)

drawn_images_option = click.option(
    "--images",
    type=click.IntRange(min=2),
    default=1000,
    show_default=True,
    metavar="N",
    help="Of each pool at most so many, drawn by hash: a larger N takes more beside the same.",
)

square_size_option = click.option(
    "--size",
    type=click.IntRange(min=8, max=1024),
    metavar="PX",
    help="Side of the square in the middle of each image; default the largest usual one that nine "
    "in ten images of every pool have.",
)


class MetricName(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """The name of a metric; the registry is loaded where it is asked for, not by every command."""

    name = "metric"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return a word: the names are a list too long for it, and stand in the help."""
        return "METRIC"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; refuse one that no metric has."""
        from analysis.measuring.metric_registry import UnknownMetric, find_metric

        try:
            return find_metric(value).name
        except UnknownMetric as error:
            self.fail(str(error), param, ctx)


class MetricOption(click.Option):
    """An option whose help names every metric; the registry is loaded when it is asked for."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option and its help, with the names."""
        from analysis.measuring.metric_registry import known_metrics

        names = ", ".join(each.name for each in known_metrics())
        option, text = super().get_help_record(ctx) or ("", "")
        return option, f"{text}  One of {names}."


metric_option = click.option(
    "--metric",
    cls=MetricOption,
    type=MetricName(),
    default="auc",
    show_default=True,
    help="What the entries are: a metric, as a column of the view `cells` is called.",
)


def named_experiment_options(command: Command) -> Command:
    """Add --experiment and --digest: what a store holds, without its file."""
    for option in reversed(
        (
            click.option(
                "--experiment", metavar="NAME", help="Without FILE: this experiment of the store."
            ),
            digest_option,
        )
    ):
        command = option(command)
    return command


def narrowing_options(command: Command) -> Command:
    """Add --only, --set, --limit, --rehash and --trust-index to a command."""
    for option in reversed(
        (
            click.option(
                "--only",
                multiple=True,
                metavar="KEY=VALUE",
                callback=read_pairs,
                help="Only fits with this value, e.g. detector=npr or seed=0. Another key "
                "narrows further, the same key again adds a value.",
            ),
            click.option(
                "--set",
                "changes",
                multiple=True,
                metavar="KEY=VALUE",
                callback=read_pairs,
                help="Change a value of the file, e.g. seeds='[0, 1]' or arms.single.recipe=small.",
            ),
            click.option(
                "--limit",
                type=click.IntRange(min=2),
                metavar="N",
                help="At most N images per pool: other images, so other fits; stamped "
                "partial everywhere.",
            ),
            click.option("--rehash", is_flag=True, help="Read every image file again."),
            click.option(
                "--trust-index",
                is_flag=True,
                help="Take the images as they were last indexed, without looking at the folders: "
                "new, changed and removed files stay unseen until a file is decoded.",
            ),
        )
    ):
        command = option(command)
    return command


def running_options(command: Command) -> Command:
    """Add what `run` alone is given: how, which trials, how often."""
    for option in reversed(
        (
            click.option(
                "--no-ray", is_flag=True, help="One trial after the other, in this process."
            ),
            click.option(
                "--debug",
                is_flag=True,
                help="With --no-ray: raise the first exception of a trial, once it is recorded.",
            ),
            click.option(
                "--trial",
                "trials",
                multiple=True,
                metavar="FIT",
                help="Run this fit only; may be given again for another.",
            ),
            click.option(
                "--slots",
                type=click.IntRange(min=1),
                metavar="N",
                help="Trials at a time on this machine; default one per core.",
            ),
            click.option(
                "--attempts",
                type=click.IntRange(min=1),
                metavar="N",
                default=3,
                show_default=True,
                help="Failures after which a trial is given up, in this run.",
            ),
            click.option(
                "--task",
                type=TaskShareType(),
                metavar="I/N",
                help="With --no-ray: one of N tasks beside each other on one store, I from 0 to "
                "N-1: the I-th share first, then what no other is at work on.",
            ),
            click.option(
                "--stale-after",
                type=click.FloatRange(min=0),
                metavar="SECONDS",
                help="With --task: take over what another task was at work on when it has given "
                "no sign for so long; default 120, the same for all tasks.",
            ),
            click.option(
                "--budget-hours",
                type=click.FloatRange(min=0, min_open=True),
                metavar="H",
                help="Begin no further trial once all runs of the experiment have taken so many "
                "hours of GPUs (of CPU slots where no trial uses a GPU), failed attempts counted; "
                "exit code 4.",
            ),
            click.option(
                "--resume-anyway",
                is_flag=True,
                help="Go on from checkpoints of other threads or another training loop, too, "
                "instead of beginning again; the fit then warns of it.",
            ),
        )
    ):
        command = option(command)
    return command


address_option = click.option(
    "--address",
    metavar="URL",
    help="Of a Ray cluster, its dashboard; default RAY_API_SERVER_ADDRESS, else "
    "http://127.0.0.1:8265.",
)

env_option = click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Give the job this variable, with the value that it has here or another one; NAME may be "
    "a pattern ('AWS_*'). Those that FILE uses go along by themselves. The cluster shows values to "
    "whoever may use it.",
)

run_words_argument = click.argument("words", nargs=-1, metavar="[-- RUN OPTIONS]")


smoke_option = click.option(
    "--smoke",
    is_flag=True,
    help="The same experiment on simulated images, with tiny networks and two epochs: whether it "
    "works, in minutes on a CPU. In a folder and a store of its own; no result.",
)


def read_pairs(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Read values KEY=VALUE of an option that may be given again, for click."""
    pairs = []
    for value in values:
        key, equals, rest = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(
                f"{value!r} is not KEY=VALUE: write for instance {parameter.opts[0]} seed=0"
            )
        pairs.append((key.strip(), rest.strip()))
    return tuple(pairs)
