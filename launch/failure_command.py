"""`crossgen failure`: all that was recorded of a fit's failures, the latest first."""

from __future__ import annotations

from rich.rule import Rule

from data.counts import counted
from grid.console import Console
from grid.records.failures import Failure, newest_first
from grid.records.places import FAILURES, failures_of
from grid.records.readable import (
    only_keys,
    readable_commits,
    readable_experiments,
    readable_failures,
)
from grid.store.base import Store
from launch.desk import store_of
from launch.named_fit import named_fit
from launch.paragraphs import print_paragraph
from launch.show_damage import print_left_out


def print_failure_records(fit: str, store: str | None) -> None:
    """Print every record of a fit's failures, whole.

    Args:
        fit: its id, or the beginning of it.
        store: --store.

    Raises:
        Refused: the store knows no such fit, or several that begin so.
    """
    opened = store_of(store)
    failed = {key.split("/")[1] for key in opened.list(FAILURES)}
    has_failed = any(fit_id.startswith(fit) for fit_id in failed)
    fit_id = named_fit(fit, failed if has_failed else _known_fits(opened))
    console = Console()
    keys = opened.list(failures_of(fit_id))
    failures, damaged = readable_failures(only_keys(opened, keys))
    count = counted(len(failures), "recorded failure") if keys else "no recorded failure"
    console.print(f"{fit_id}: {count}", style="bold", highlight=False, markup=False)
    for failure in newest_first(failures):
        _print_record(console, failure)
    print_left_out(console, damaged, store)


def _known_fits(store: Store) -> set[str]:
    """Return the store's fits, those that never failed too: it is said that they did not."""
    experiments, _ = readable_experiments(store)
    commits, _ = readable_commits(store)
    return {fit["fit_id"] for each in experiments for fit in each["fits"]} | commits.keys()


def _print_record(console: Console, failure: Failure) -> None:
    title = f"{failure['kind']}, attempt {failure['attempt']}"
    console.print(Rule(title, align="left", style="red"))
    where = f"{failure['when']} on {failure['host']}, process {failure['pid']}"
    print_paragraph(console, where, style="dim")
    name, message = failure["exception"], failure["message"]
    print_paragraph(console, f"{name}: {message}" if name else message, style="bold red")
    for image_id in failure["image_ids"]:
        print_paragraph(console, f"image {image_id}", 2)
    _print_lines(console, "traceback", failure["traceback"].splitlines())
    _print_lines(console, "log, its last lines", failure["log_tail"])
    if failure["log_note"]:
        print_paragraph(console, f"({failure['log_note']})", 2, "dim")


def _print_lines(console: Console, name: str, lines: list[str]) -> None:
    """Print lines as they are: they are searched and copied."""
    if lines:
        console.print(f"{name}:", style="dim", highlight=False)
    for line in lines:
        console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)
