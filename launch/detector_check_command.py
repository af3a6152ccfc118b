"""`crossgen check detector`: the contract of detectors, a line per check."""

from __future__ import annotations

from data.counts import counted
from detectors.contract_checks.running import CHECKS, CheckOutcome, outcome_of
from detectors.contract_checks.subject import Subject
from grid.console import Console
from launch.named_detector import known_detector
from launch.paragraphs import print_paragraph
from launch.waiting import waiting


def check_detector(name: str) -> int:
    """Check one detector; return 0 when every check holds, else 1.

    Raises:
        Refused: there is no such detector, or its file is none.
    """
    subject, console = Subject(known_detector(name)), Console()
    failed = 0
    for title in CHECKS:
        with waiting(title):
            outcome = outcome_of(title, subject)
        _print(console, outcome)
        failed += not outcome.holds
    said = f"{subject.name}: {counted(len(CHECKS), 'check')}, "
    print_paragraph(console, said + (f"{failed} FAILED" if failed else "all hold"))
    return int(bool(failed))


def _print(console: Console, outcome: CheckOutcome) -> None:
    if outcome.holds:
        print_paragraph(console, f"ok      {outcome.title}", style="green")
        return
    print_paragraph(console, f"FAILED  {outcome.title}", style="bold red")
    print_paragraph(console, f"{outcome.why}. {outcome.mend}.", indent=8)
