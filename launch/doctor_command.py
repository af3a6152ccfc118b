"""`crossgen doctor`: a line per check, what was seen, and how to mend what is not well."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from data.counts import counted
from grid.console import Console
from launch.doctor.check_groups import diagnoses
from launch.doctor.diagnosis import Diagnosis, Level
from launch.doctor.this_machine import ThisMachine
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

_STYLES: dict[Level, str] = {"ok": "green", "warning": "yellow", "problem": "bold red"}
_BELOW = 9
"""Columns of the word before each line."""

Found = Iterable[tuple[str, Diagnosis]]


class Sheet:
    """What is printed, and how many of each kind there were."""

    def __init__(self) -> None:
        self.console = Console()
        self.counts: dict[Level, int] = {"ok": 0, "warning": 0, "problem": 0}

    def title(self, text: str) -> None:
        """Print a heading."""
        self.console.print(text, style="bold", highlight=False, markup=False)

    def add(self, found: Found) -> None:
        """Print a line per check, as it comes."""
        for name, diagnosis in found:
            self.counts[diagnosis.level] += 1
            line = f"{diagnosis.level:<{_BELOW}}{name}: {diagnosis.seen}"
            print_paragraph(self.console, line, style=_STYLES[diagnosis.level])
            for detail in diagnosis.details:
                print_paragraph(self.console, detail, _BELOW + 2)
            if diagnosis.mend:
                print_paragraph(self.console, diagnosis.mend.rstrip(".") + ".", _BELOW)

    def end(self) -> int:
        """Print the counts; return the exit code."""
        problems, warnings = self.counts["problem"], self.counts["warning"]
        said = f"{counted(sum(self.counts.values()), 'check')}: "
        said += f"{counted(problems, 'problem')}, {counted(warnings, 'warning')}"
        print_paragraph(self.console, said, style=_STYLES["problem" if problems else "ok"])
        return int(bool(problems))


def examine_here(file: Path | None, store: str | None) -> int:
    """Check this machine, for runs without a cluster; return 1 where there is a problem."""
    sheet = Sheet()
    sheet.title("this machine")
    _this_machine(sheet, file, store, computes=True)
    return sheet.end()


def _this_machine(sheet: Sheet, file: Path | None, store: str | None, *, computes: bool) -> None:
    machine = ThisMachine(file=file, store=store)
    with waiting("looking at this machine") as say:
        sheet.add(diagnoses("on_this_machine", machine, say, computes=computes))
