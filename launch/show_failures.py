"""What failed, for people: of each fit the latest failure, the line it came from, where all is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grid.console import Console
from grid.plan.fit_plan import FitPlan
from grid.records.failures import Failure, newest_first
from launch.command_lines import Given, print_hint
from launch.paragraphs import print_paragraph
from launch.raised_at import raised_at

FITS_SHOWN = 10
LOG_LINES = 6
MESSAGE_CHARACTERS = 600


def print_failures(
    console: Console,
    given: Given,
    plans: Sequence[FitPlan],
    failures: Sequence[Failure],
    *,
    every: bool = False,
) -> None:
    """Print the latest failure of each fit, the latest first, those of fits still to be done first.

    Args:
        console: where to.
        given: the command's arguments, for the commands that are named.
        plans: the fits.
        failures: of these fits and of others.
        every: all of them, not the first.
    """
    by_fit = {plan.fit.fit_id: plan for plan in plans}
    latest: dict[str, list[Failure]] = {}
    for failure in newest_first(failures):
        if failure["fit_id"] in by_fit:
            latest.setdefault(failure["fit_id"], []).append(failure)
    if not latest:
        return
    console.print(_headline(latest, by_fit), style="bold red", highlight=False, markup=False)
    order = sorted(latest, key=lambda fit_id: by_fit[fit_id].done)
    for fit_id in order if every else order[:FITS_SHOWN]:
        _print_failure(console, given, by_fit[fit_id], latest[fit_id])
    if len(order) > FITS_SHOWN and not every:
        said = f"... and {len(order) - FITS_SHOWN:,} more fits with failures; all of them"
        print_hint(console, said, given.command("status", "--all"))


def _headline(latest: Mapping[str, Sequence[Failure]], by_fit: Mapping[str, FitPlan]) -> str:
    attempts = sum(map(len, latest.values()))
    open_ = sum(not by_fit[fit_id].done for fit_id in latest)
    said = f"{attempts:,} failed attempt{'s' * (attempts != 1)} of {len(latest):,} fit"
    said += "s" * (len(latest) != 1)
    return said + ("" if open_ == len(latest) else f", {len(latest) - open_:,} done since") + ":"


def _print_failure(
    console: Console, given: Given, plan: FitPlan, failures: Sequence[Failure]
) -> None:
    last = failures[0]
    earlier = f", {len(failures) - 1} earlier" if len(failures) > 1 else ""
    since = " (done since)" if plan.done else ""
    print_paragraph(console, f"{plan.fit.label}{since}: {last['kind']}", 2, "bold")
    print_paragraph(console, f"{last['when']} on {last['host']}{earlier}", 4, "dim")
    said = f"{last['exception']}: {last['message']}" if last["exception"] else last["message"]
    cut = said if len(said) <= MESSAGE_CHARACTERS else f"{said[:MESSAGE_CHARACTERS]} ..."
    print_paragraph(console, cut, 4)
    line = raised_at(last["traceback"])
    if line is not None:
        print_paragraph(console, f"at {line}", 4)
    if plan.done:
        return
    for logged in last["log_tail"][-LOG_LINES:]:
        print_paragraph(console, f"| {logged}", 4, "dim")
    if last["log_note"]:
        print_paragraph(console, f"({last['log_note']})", 4, "dim")
    print_hint(console, "all of it", given.store_command("failure", plan.fit.fit_id), 4, "dim")
