"""`crossgen warm`: what a run will read is decoded, in parallel, and how far that is is shown."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data.byte_counts import in_bytes
from data.counts import counted
from data.decoded.filling import Filled
from data.decoded.tidying import used_bytes
from detectors.loader_cpus import usable_cpus
from grid.console import Console
from grid.plan.wanted_images import wanted_images
from grid.plan.warming import Warming, fill_all, warming
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from grid.trial.node_images import node_shelf, why_nothing_is_kept
from launch.desk import Desk
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

FAULTS_SHOWN = 20


def run_warm(desk: Desk, jobs: int | None) -> int:
    """Fill the node's slabs with the images of what is missing; return the exit code.

    Images that do not decode are listed, and make the command fail where a run would refuse them.
    """
    console = Console()
    shelf = node_shelf()
    if shelf.max_bytes <= 0:
        said = f"nothing can be kept: {why_nothing_is_kept(shelf.folder)}"
        print_paragraph(console, said, 0, "yellow")
        return EXIT_FAILED
    if fault := unwritable(shelf.folder):
        said = f"nothing can be kept: {shelf.folder} cannot be written ({fault})"
        print_paragraph(console, f"{said}; CROSSGEN_SCRATCH names another folder", 0, "yellow")
        return EXIT_FAILED
    with waiting("making room for decoded images"):
        planned = warming(wanted_images(desk.plan), desk.plan.expansion.catalog, shelf)
    if not planned.images and not planned.left_out:
        console.print("nothing is missing, so nothing will be read", style="green")
        return EXIT_DONE
    began = time.monotonic()
    with _bar(planned) as progress:
        done = fill_all(planned, shelf, jobs or usable_cpus(), progress)
    _say(console, done, planned, time.monotonic() - began)
    taken = in_bytes(used_bytes(shelf.folder))
    print_paragraph(
        console, f"{shelf.folder} takes {taken} of at most {in_bytes(shelf.max_bytes)}", 0, "dim"
    )
    refuses = desk.plan.expansion.experiment.unreadable == "refuse"
    return EXIT_FAILED if done.faults and refuses else EXIT_DONE


def unwritable(folder: Path) -> str:
    """Why no file can be made in a folder, which is made where it is missing; "" where one can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _say(console: Console, done: Filled, planned: Warming, seconds: float) -> None:
    rate = f", {done.made / seconds:,.0f} per second" if done.made and seconds > 0 else ""
    line = f"{counted(done.made, 'image')} decoded and kept{rate}; {done.found:,} kept before"
    console.print(line, highlight=False)
    left = planned.left_out + done.left
    if left:
        print_paragraph(
            console,
            f"{counted(left, 'image has', 'images have')} no room and will be decoded each time; "
            "CROSSGEN_DECODED states another bound, CROSSGEN_SCRATCH another folder",
            0,
            "yellow",
        )
    if done.faults:
        console.print(
            f"{counted(len(done.faults), 'image')} cannot be kept:", style="yellow", highlight=False
        )
    for fault in done.faults[:FAULTS_SHOWN]:
        print_paragraph(console, fault, 2)
    if len(done.faults) > FAULTS_SHOWN:
        console.print(f"  ... and {len(done.faults) - FAULTS_SHOWN:,} more", highlight=False)


@contextmanager
def _bar(planned: Warming) -> Iterator[Callable[[Filled], None]]:
    """A bar on stderr, moved by what is yielded; nothing but on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("decoding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=planned.images)
        yield lambda done: bar.update(task, completed=done.images)
