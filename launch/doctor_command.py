"""`crossgen doctor`: a line per check, what was seen, and how to mend what is not well."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from data.counts import counted
from grid.console import Console
from launch.doctor.check_groups import diagnoses, outcome
from launch.doctor.diagnosis import Diagnosis, Level
from launch.doctor.this_machine import ThisMachine
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

_STYLES: dict[Level, str] = {"ok": "green", "warning": "yellow", "problem": "bold red"}
_BELOW = 9
"""Columns of the word before each line."""

Found = Iterable[tuple[str, Diagnosis]]
Say = Callable[[str], None]


class Sheet:
    """What is printed, and how many of each kind there were."""

    def __init__(self) -> None:
        self.console = Console()
        self.counts: dict[Level, int] = {"ok": 0, "warning": 0, "problem": 0}

    def title(self, text: str) -> None:
        """Print a heading."""
        self.console.print(text, style="bold", highlight=False, markup=False)

    def add_while(self, text: str, find: Callable[[Say], Found]) -> None:
        """Print a line per check, as it comes; while one is made, a moving line says what.

        Args:
            text: what is moving at first.
            find: makes the checks; it is given what changes the moving line.
        """
        now: list[Say] = [lambda _: None]
        found = iter(find(lambda text: now[0](text)))
        while True:
            with waiting(text) as now[0]:  # gone before anything is printed below it
                one = next(found, None)
            if one is None:
                return
            self.add([one])

    def add(self, found: Found) -> None:
        """Print a line per check."""
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


def examine_ray(file: Path | None, store: str | None, address: str | None) -> int:
    """Check this machine and a Ray cluster; return 1 where there is a problem.

    Args:
        file: the experiment; None: none.
        store: --store.
        address: HOST:PORT; None: RAY_ADDRESS, and without it one of our own is tried.
    """
    from launch.doctor.ray_cluster import look_at_ray

    meant = address or os.environ.get("RAY_ADDRESS", "")
    meant = "" if meant == "local" else meant
    sheet = Sheet()
    sheet.title("this machine")
    _this_machine(sheet, file, store, computes=not meant)
    sheet.title(f"Ray at {meant}" if meant else "a Ray of our own")
    sheet.add_while(
        "looking at Ray",
        lambda say: _elsewhere("on_ray", lambda: look_at_ray(meant, file, store, say)),
    )
    return sheet.end()


def examine_slurm(
    file: Path | None, store: str | None, *, on_nodes: bool, partition: str | None
) -> int:
    """Check what jobs need of this machine, and the Slurm site; return 1 where something is wrong.

    Args:
        file: the experiment; None: none.
        store: --store.
        on_nodes: whether a job asks the free nodes of a partition.
        partition: which; None: Slurm's default.
    """
    from launch.doctor.slurm_site import look_at_slurm

    sheet = Sheet()
    sheet.title("this machine")
    _this_machine(sheet, file, store, computes=False)
    sheet.title("Slurm")
    sheet.add_while(
        "looking at Slurm",
        lambda say: _elsewhere(
            "on_slurm",
            lambda: look_at_slurm(file, store, on_nodes=on_nodes, partition=partition, say=say),
        ),
    )
    return sheet.end()


def _elsewhere(room: str, look: Callable[[], Any]) -> Found:
    """Look at a cluster and check it; what keeps from looking is a problem, told in words."""
    seen: list[Any] = []
    failed = outcome(lambda _: seen.append(look()), None)
    if failed is not None:
        yield "looking", failed
    else:
        yield from diagnoses(room, seen[0])


def _this_machine(sheet: Sheet, file: Path | None, store: str | None, *, computes: bool) -> None:
    machine = ThisMachine(file=file, store=store)
    sheet.add_while(
        "looking at this machine",
        lambda say: diagnoses("on_this_machine", machine, say, computes=computes),
    )
