"""How far an experiment is: every fit, its pieces, and what failed with its last words."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grid.attempts import begun_fits
from grid.failures import read_failures
from grid.plan import FitPlan
from launch.desk import Desk
from launch.show_cost import print_cost
from launch.show_plan import SHOWN, print_plan
from launch.show_warnings import print_warnings

LOG_LINES = 12


def print_status(desk: Desk) -> None:
    """Print the plan's totals, a line per unfinished fit, the warnings and the failures."""
    console = Console()
    print_plan(desk)
    begun = begun_fits(desk.store)
    unfinished = [f for f in desk.plan.missing if f.committed or f.fit.fit_id in begun]
    if unfinished:
        table = Table("in work", "state", box=None, header_style="dim")
        for f in unfinished[:SHOWN]:
            table.add_row(Text(f.fit.label), _state(f))
        console.print(table)
    print_cost(console, desk.plan.fits)
    print_warnings(console, [(f.fit.label, f.commit) for f in desk.plan.fits if f.commit])
    wanted = {f.fit.fit_id: f for f in desk.plan.fits}
    failures = [f for f in read_failures(desk.store) if f["fit_id"] in wanted]
    if not failures:
        return
    console.print(f"{len(failures)} failed attempts:", style="bold red")
    for failure in failures[-SHOWN:]:
        plan = wanted[failure["fit_id"]]
        mended = " (done since)" if plan.done else ""
        console.print(
            f"  {plan.fit.label}{mended}: {failure['exception']}: {failure['message']}\n"
            f"    {failure['kind']}, on {failure['host']}, attempt {failure['attempt']}, "
            f"{failure['when']}",
            highlight=False,
            markup=False,
        )
        if not plan.done:
            for line in failure["log_tail"][-LOG_LINES:]:
                console.print(f"    | {line}", style="dim", highlight=False, markup=False)
            if failure["log_note"]:
                note = f"    ({failure['log_note']})"
                console.print(note, style="dim", highlight=False, markup=False)


def _state(plan: FitPlan) -> str:
    if plan.committed:
        return f"trained, {plan.missing_pieces} of {plan.pieces} pieces missing"
    return "begun, not committed: it runs somewhere, or the next run resumes its checkpoint"
