"""The command `crossgen`: one subcommand per way in. Each loads only what it needs.

Exit codes (`grid.run.exit_codes`): 0 done, 75 unfinished (run me again), 1 something failed and
nothing else is left to run, 2 refused, 3 the store failed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from launch.check_commands import check
from launch.command_lines import command_line
from launch.invocation import Invocation
from launch.options import (
    experiment_argument,
    named_experiment_options,
    narrowing_options,
    optional_experiment_argument,
    running_options,
    store_option,
    store_option_without_file,
)
from launch.output import guard_output
from launch.saying import refuse, say, say_stopped


class InWorkingOrder(click.Group):
    """Lists commands in the order in which one comes to need them, not by the alphabet."""

    ORDER = (
        "demo",
        "init",
        "plan",
        "run",
        "status",
        "matrix",
        "report",
        "query",
        "verify",
        "diff",
        "check",
    )

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names, those of ORDER first."""
        rest = [name for name in self.commands if name not in self.ORDER]
        return [*(name for name in self.ORDER if name in self.commands), *rest]


@click.group(cls=InWorkingOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crossgen")
def cli() -> None:
    """Experiment grids for detectors of AI-generated images.

    One file says which detectors train on which generators and are tested on which; `run` does
    what is missing, as often as you call it.
    """


@cli.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="For images, experiment file, store and page.",
)
@click.option("--slots", type=click.IntRange(min=1), help="Trials at a time; default one per core.")
@click.pass_obj
def demo(invocation: Invocation, /, folder: Path, slots: int | None) -> None:
    """Make toy images, run a small grid, print its matrix; minutes."""
    from grid.run.stopping import interruptible
    from launch.waiting import waiting

    with interruptible():
        with waiting("starting"):
            from launch.demo_command import run_demo

        code = run_demo(folder, slots=slots, invocation=invocation)
    sys.exit(code)


@cli.command()
@experiment_argument
@store_option
@narrowing_options
@click.option("--why", is_flag=True, help="Say for each missing fit or piece why it is missing.")
def plan(file: Path, why: bool, **given: Any) -> None:
    """Show what FILE wants, what is done and what is left."""
    from grid.plan.known_failures import refuse_known_failures
    from launch.desk import open_desk
    from launch.show_plan import print_known_nulls, print_plan, print_reasons

    desk = open_desk(file, **given)
    null_scores = refuse_known_failures(desk.plan, desk.store)
    print_plan(desk)
    print_known_nulls(null_scores)
    if why:
        print_reasons(desk)


@cli.command()
@experiment_argument
@store_option
@narrowing_options
@running_options
@click.pass_obj
def run(
    invocation: Invocation,
    /,
    file: Path,
    no_ray: bool,
    trials: tuple[str, ...],
    slots: int | None,
    attempts: int,
    resume_anyway: bool,
    **given: Any,
) -> None:
    """Do what is missing of FILE: train, score, commit. Running again is resuming."""
    from grid.run.stopping import interruptible
    from launch.waiting import waiting

    with interruptible():  # until the driver is up, and has a flag for its trials
        with waiting("starting"):
            from launch.desk import open_desk
            from launch.run_command import run_missing

        desk = open_desk(file, fits=trials, **given)
        code = run_missing(
            desk,
            ray=not no_ray,
            slots=slots,
            attempts=attempts,
            resume_anyway=resume_anyway,
            invocation=invocation,
        )
    sys.exit(code)


@cli.command()
@experiment_argument
@store_option
@narrowing_options
def status(file: Path, **given: Any) -> None:
    """Show how far FILE is, and what failed where and why."""
    from launch.desk import open_desk
    from launch.show_status import print_status

    print_status(open_desk(file, **given))


@cli.command()
@optional_experiment_argument
@named_experiment_options
@store_option
@narrowing_options
@click.option(
    "--metric",
    type=click.Choice(["auc", "accuracy"]),
    default="auc",
    show_default=True,
    help="What the entries are: AUC, or accuracy at a logit of 0.",
)
def matrix(file: Path | None, metric: Any, **given: Any) -> None:
    """Print trained on (rows) against tested on (columns)."""
    from launch.show_experiment import overview_of, print_matrix

    shown = overview_of(file, **given)
    print_matrix(shown, metric, given["store"] or (shown.store_url if file else None))


@cli.command()
@optional_experiment_argument
@named_experiment_options
@store_option
@narrowing_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The page; default NAME.html here."
)
def report(file: Path | None, output: Path | None, **given: Any) -> None:
    """Write one HTML page: warnings, matrices, provenance."""
    from launch.show_experiment import overview_of, report_command

    shown = overview_of(file, **given)
    report_command(shown, output, given["store"] or (shown.store_url if file else None))


@cli.command()
@click.argument("arguments", metavar='[FILE] ["SQL"]', nargs=-1)
@named_experiment_options
@click.option(
    "--all-expansions",
    is_flag=True,
    help="All expansions of each experiment together: what was renamed since is there twice.",
)
@store_option
@narrowing_options
@click.option("--csv", "csv", is_flag=True, help="Print CSV.")
@click.option(
    "--parquet", type=click.Path(path_type=Path), help="Write the rows to a Parquet file."
)
@click.option("--overwrite", is_flag=True, help="With --parquet: replace a file that is there.")
def query(arguments: tuple[str, ...], **given: Any) -> None:
    """Ask the store in SQL, read-only. Without SQL: the views and their columns.

    With FILE: what it expands to now. Without: each experiment of the store as its latest
    expansion.
    """
    from launch.query_command import print_query

    print_query(arguments, **given)


@cli.command()
@click.argument("fit")
@store_option_without_file
@click.option("--piece", metavar="PIECE", help="Repeat one piece of the fit, not its training.")
def verify(fit: str, store: str | None, piece: str | None) -> None:
    """Repeat FIT aside and say whether its numbers are equal."""
    from launch.verify_command import print_verification

    sys.exit(print_verification(fit, store, piece))


@cli.command()
@click.argument("first")
@click.argument("second")
@store_option_without_file
def diff(first: str, second: str, store: str | None) -> None:
    """Say in which fields of their identity two fits differ."""
    from launch.diff_command import print_difference

    print_difference(first, second, store)


@cli.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here, not to stdout.")
def init(folders: tuple[Path, ...], output: Path | None) -> None:
    """Write a commented experiment for images in FOLDERS."""
    from launch.init_command import write_experiment

    write_experiment(folders, output)


@cli.command()
@store_option_without_file
def compact(store: str | None) -> None:
    """Copy many small score files into few, for faster SQL."""
    from launch.upkeep_commands import run_compact

    run_compact(store)


@cli.command()
@store_option_without_file
@click.option("--dry-run", is_flag=True, help="List what would be deleted; delete nothing.")
def gc(store: str | None, dry_run: bool) -> None:
    """Delete what no commit names: lost attempts, old checkpoints."""
    from launch.upkeep_commands import run_gc

    run_gc(store, dry_run=dry_run)


cli.add_command(check)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; refusals and a store that fails are said in words, with their exit code."""
    # The names of our packages are plain, so first of all: are they ours? This module knows.
    from grid.packages import ForeignPackages, require_own_packages

    output = guard_output() if arguments is None else None
    try:
        require_own_packages()
        code = _run(arguments)
    except ForeignPackages as error:
        code = refuse("refused", [str(error)])
    if output is not None and (lost := output.unwritten()):
        say("the output is not whole", [f"standard output cannot be written ({lost})"])
        code = code or 1
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    """Run the command line and return the exit code."""
    from data.counts import counted
    from grid.refusal import Refused
    from grid.run.exit_codes import EXIT_DONE, EXIT_REFUSED, EXIT_STORE, EXIT_UNFINISHED
    from grid.run.on_ray.joined_cluster import ClusterUnreachable
    from grid.run.shares import Unsatisfiable
    from grid.store.errors import StoreError, StoreUnwritable, StoreUrlRefused

    words = list(sys.argv[1:] if arguments is None else arguments)
    invocation = Invocation(command_line(*words), own_process=arguments is None)
    try:
        cli.main(args=words, prog_name="crossgen", obj=invocation, standalone_mode=False)
    except click.exceptions.Abort as abort:
        signal = str(abort.__cause__ or "") or "interrupted from the keyboard"
        say_stopped(invocation, signal)
        return EXIT_UNFINISHED
    except click.ClickException as error:
        error.show()
        return EXIT_REFUSED
    except Refused as refused:
        return refuse(
            f"refused ({counted(len(refused.problems), 'problem')})",
            [str(p) for p in refused.problems],
        )
    except StoreUnwritable as error:
        say("the store cannot be written", [str(error)])
        return EXIT_STORE
    except StoreUrlRefused as error:
        return refuse("the store cannot be used", [str(error)])
    except StoreError as error:
        say("the store cannot be read", [str(error)])
        return EXIT_STORE
    except (ClusterUnreachable, Unsatisfiable) as error:
        return refuse("refused", str(error).splitlines())
    return EXIT_DONE
