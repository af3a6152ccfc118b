"""`crossgen stage`: what a run will read is copied to this node, and how far that is is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from data.byte_counts import in_bytes
from data.counts import counted
from data.image_sources import row_of
from data.staged_images import VARIABLE
from data.staging import Staging, copy_all, require_room, staging_of
from grid.console import Console
from grid.plan.plan import Plan
from grid.plan.wanted_images import wanted_images
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from launch.desk import Desk
from launch.paragraphs import print_paragraph
from launch.waiting import waiting
from launch.warm_command import FAULTS_SHOWN, unwritable


def run_stage(desk: Desk, folder: Path, jobs: int) -> int:
    """Copy the images of what is missing into a folder; return the exit code.

    Files that cannot be read are listed, and make the command fail.

    Raises:
        NoRoom: the disk has less room than they take.
    """
    console = Console()
    if fault := unwritable(folder):
        print_paragraph(console, f"nothing is staged: {folder} cannot be written ({fault})", 0)
        return EXIT_FAILED
    files = wanted_files(desk.plan)
    if not files:
        console.print("nothing is missing, so nothing will be read", style="green")
        return EXIT_DONE
    with waiting(f"looking at {counted(len(files), 'file')}"):
        staging = staging_of(files, folder, jobs)
    require_room(staging, folder)
    began = time.monotonic()
    with _bar(staging) as progress:
        faults = [*staging.faults, *copy_all(staging, folder, jobs, progress)]
    _say(console, staging, faults, time.monotonic() - began)
    print_paragraph(console, f"{VARIABLE}={folder} in a worker's environment reads them", 0)
    return EXIT_FAILED if faults else EXIT_DONE


def wanted_files(plan: Plan) -> list[str]:
    """The files of the images that the missing part of a plan reads, each once."""
    found: dict[str, None] = {}
    for wanted in wanted_images(plan):
        root = plan.expansion.catalog.dataset_of(wanted.pool.pool_id).root
        paths = wanted.pool.table["path"]
        for rank in np.flatnonzero(wanted.is_wanted).tolist():
            path = str(root / paths[rank].as_py())
            row = row_of(path)
            found[row.file if row else path] = None
    return list(found)


def _say(console: Console, staging: Staging, faults: list[str], seconds: float) -> None:
    copied = len(staging.wanted) - len(faults) + len(staging.faults)
    speed = staging.bytes_wanted / seconds if seconds > 0 else 0
    rate = f", {in_bytes(speed)} per second" if copied else ""
    line = f"{counted(copied, 'file')} copied ({in_bytes(staging.bytes_wanted)}{rate})"
    console.print(f"{line}; {staging.there:,} there before", highlight=False)
    if faults:
        cannot = f"{counted(len(faults), 'file')} cannot be copied, and will be read where they lie"
        print_paragraph(console, f"{cannot}:", 0, "yellow")
    for fault in faults[:FAULTS_SHOWN]:
        print_paragraph(console, fault, 2)
    if len(faults) > FAULTS_SHOWN:
        console.print(f"  ... and {len(faults) - FAULTS_SHOWN:,} more", highlight=False)


@contextmanager
def _bar(staging: Staging) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, moved by what is yielded; nothing but on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("copying"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=staging.bytes_wanted)
        yield lambda more: bar.update(task, advance=more)
