"""`crossgen degrade`: checks what is asked for, has the images made, says what was made."""

from __future__ import annotations

import os
from pathlib import Path

from data.counts import counted
from data.degradation_presets import PRESETS, preset_meant
from data.derived.degraded import DegradedDataset, write_degraded
from data.derived.derived_folder import TABLE
from data.manifest import Manifest
from data.operations import PipelineError
from data.refusals import Refused
from data.view import View, view_of
from grid.console import Console
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from launch.command_lines import command_line, print_hint
from launch.show_made import print_some
from launch.source_collection import indexed_source
from launch.waiting import waiting


def degrade(
    source: Path, out: Path, degradation: str, *, layout: str | None, threads: int | None
) -> int:
    """Write a derived dataset and say what was written; return the exit code.

    Raises:
        Refused: the source, the folder or the degradation cannot be taken.
    """
    view = _view(degradation)
    command = command_line("degrade", source.expanduser().resolve(), "OUT", "--degradation", "TEXT")
    manifest = indexed_source(source, layout, command)
    with waiting("making folders") as say:
        try:
            done = write_degraded(
                manifest,
                out.expanduser(),
                view,
                threads or len(os.sched_getaffinity(0)),
                lambda made, total: say(f"degrading images {made:,}/{total:,}"),
            )
        except OSError as error:
            why = f"{error.filename or out} cannot be written ({error.strerror or error})"
            mend = "Free space there, or choose another place; what is written stays"
            raise Refused.because(str(out), why, mend) from error
    _print_done(Console(), manifest, out, view, done)
    return EXIT_FAILED if done.problems else EXIT_DONE


def _view(degradation: str) -> View:
    if preset := PRESETS.get(degradation.strip()):
        why = f"it is a preset of {counted(len(preset.degradations), 'degradation')}"
        mend = "Give one of them, and a folder for each"
        raise Refused.because(degradation, why, mend, preset.degradations)
    try:
        return view_of(degradation=degradation)
    except PipelineError as error:
        mend = preset_meant(degradation) or "Correct --degradation"
        raise Refused.because("--degradation", str(error), mend) from error


def _print_done(
    console: Console, source: Manifest, out: Path, view: View, done: DegradedDataset
) -> None:
    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False)

    say(f"{view.degradation.canonical}: {counted(done.written, 'image')} written to {out}")
    if done.there:
        say(f"{counted(done.there, 'image')} there before, as they should be")
    if source.simulated:
        say("simulated images: no evidence about real generators; OUT is marked so", "yellow")
    print_some(
        console,
        f"{counted(len(done.problems), 'file')} of the source without an image, all in {TABLE}:",
        [f"{problem.path}: {problem.reason}" for problem in done.problems],
    )
    print_some(
        console,
        f"{counted(len(done.strangers), 'file')} in {out} made from no image of the source; an "
        "index of it reads them too:",
        done.strangers,
    )
    print_hint(console, "next", command_line("index", out))
