"""How far an experiment is: every fit, its pieces, and what failed with its last words."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from grid.console import Console
from grid.plan.fit_plan import FitPlan
from grid.records.attempts import begun_fits
from grid.records.readable import readable_failures, readable_runs
from launch.command_lines import print_hint
from launch.desk import Desk
from launch.show_begun_again import fits_begun_again, print_begun_again
from launch.show_cost import print_cost, print_hours
from launch.show_damage import print_left_out
from launch.show_failures import print_failures
from launch.show_plan import SHOWN, print_plan
from launch.show_warnings import print_warnings


def print_status(desk: Desk, *, every: bool = False) -> None:
    """Print the plan's totals, a line per unfinished fit, the warnings and the failures.

    Args:
        desk: the experiment.
        every: all unfinished and failed fits, not some of them.
    """
    console = Console()
    print_plan(desk)
    begun, again = begun_fits(desk.store), fits_begun_again(desk)
    unfinished = [f for f in desk.plan.missing if f.committed or f.fit.fit_id in begun]
    if unfinished:
        table = Table("in work", "state", box=None, header_style="dim")
        for f in unfinished if every else unfinished[:SHOWN]:
            table.add_row(Text(f.fit.label), _state(f, again.get(f.fit.label)))
        console.print(table)
        if len(unfinished) > SHOWN and not every:
            said = f"... and {len(unfinished) - SHOWN:,} more fits in work; all of them"
            print_hint(console, said, desk.given.command("status", "--all"))
    print_begun_again(console, again)
    print_cost(console, desk.plan.fits)
    runs, damaged_runs = readable_runs(desk.store, desk.plan.record["name"])
    print_hours(console, desk.store, desk.plan.fits, runs)
    print_warnings(console, [(f.fit.label, f.commit) for f in desk.plan.fits if f.commit])
    failures, damaged = readable_failures(desk.store)
    print_failures(console, desk.given, desk.plan.fits, failures, every=every)
    print_left_out(
        console, {**damaged, **damaged_runs}, desk.given.store or desk.given.store_in_file
    )


def _state(plan: FitPlan, begun_again: str | None) -> str:
    if plan.committed:
        return f"trained, {plan.missing_pieces} of {plan.pieces} pieces missing"
    if begun_again is not None:
        return f"begun, not committed: the next run begins it again ({begun_again})"
    return "begun, not committed: it runs somewhere, or the next run resumes its checkpoint"
