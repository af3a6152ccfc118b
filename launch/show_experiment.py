"""`crossgen matrix` and `crossgen report`: an experiment of a store on the terminal or as a page.

A FILE means what it expands to now, whether all of that has run or nothing; a name means what the
store holds, for which neither the file nor the images need be there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from rich.console import Console

from analysis.matrix import AmbiguousSeeds, Metric
from analysis.overview import Overview, overview
from analysis.report import report_page
from analysis.selection import one_expansion
from analysis.terminal import print_overview
from grid.records import Experiment, Store, read_experiments
from grid.refusal import Problem, Refused
from launch.desk import Desk, open_desk, store_of


def overview_of(
    file: Path | None,
    *,
    store: str | None,
    experiment: str | None = None,
    digest: str | None = None,
    **narrowed: Any,
) -> Overview:
    """Look at what a file expands to, or at a named experiment of a store.

    Args:
        file: the experiment file, or None.
        store: --store.
        experiment: the experiment's name, where there is no file; needed where a store holds
            several.
        digest: of several expansions this one; a beginning is enough.
        narrowed: --only, --set, --limit and --rehash, of a file.

    Raises:
        Refused: both or neither of file and name lead to one expansion.
    """
    if file is not None:
        if experiment is not None or digest is not None:
            raise Refused(
                [
                    Problem(
                        what=f"{file} and --experiment or --digest",
                        why="a file says itself which experiment is meant",
                        mend="Give one of them",
                    )
                ]
            )
        desk = open_desk(file, store=store, **narrowed)
        return _overview(desk.store, _as_stored(desk))
    if any(narrowed.values()):
        raise Refused(
            [
                Problem(
                    what="--only, --set, --limit or --rehash without FILE",
                    why="they change what a file expands to",
                    mend="Name the experiment's file before them, or leave them out",
                )
            ]
        )
    opened = store_of(store)
    try:
        chosen, remarks = one_expansion(opened, experiment, digest)
    except ValueError as error:
        what, _, rest = str(error).partition(": ")
        why, mend = re.split(r"[;.] ", rest.rstrip("."), maxsplit=1)
        raise Refused([Problem(what=what, why=why, mend=mend[0].upper() + mend[1:])]) from error
    return _overview(opened, chosen, remarks)


def _overview(store: Store, experiment: Experiment, remarks: tuple[str, ...] = ()) -> Overview:
    try:
        return overview(store, experiment, remarks)
    except AmbiguousSeeds as error:
        raise Refused([Problem(what=error.what, why=error.why, mend=error.mend)]) from error


def _as_stored(desk: Desk) -> Experiment:
    """Return the record as the store has it where it has it: it says which code wrote it first."""
    wanted = desk.plan.record
    try:
        [stored] = read_experiments(desk.store, wanted["name"], wanted["digest"])
    except ValueError:  # nothing of this expansion has run yet
        return wanted
    return stored


def print_matrix(shown: Overview, metric: Metric) -> None:
    """Print warnings, matrices and their sentence."""
    print_overview(Console(), shown, metric)


def write_report(shown: Overview, output: Path | None) -> Path:
    """Write the page, whole or not at all, over an older one; return where it lies.

    Raises:
        Refused: the page cannot be written there.
    """
    path = output or Path(f"{shown.experiment['name']}.html")
    try:
        _replace(path, report_page(shown))
    except OSError as error:
        raise Refused(
            [
                Problem(
                    what=str(path),
                    why=f"the page cannot be written there ({error.strerror})",
                    mend="Name another place with -o",
                )
            ]
        ) from error
    return path


def report_command(shown: Overview, output: Path | None) -> None:
    """Write the page and say where."""
    path = write_report(shown, output)
    console = Console()
    size = f"{path.stat().st_size / 1000:,.0f} kB"
    console.print(f"wrote {path} ({size})", highlight=False, markup=False)
    for caution in shown.cautions:
        console.print(f"! {caution.text}", style="yellow", highlight=False, markup=False)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
