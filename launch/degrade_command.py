"""`crossgen degrade`: checks what is asked for, has the images made, says what was made."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from data.counts import counted
from data.degradation_presets import PRESETS, preset_meant
from data.derived.degraded import DegradedDataset, write_degraded
from data.derived.derived_folder import TABLE
from data.index import index_root
from data.layouts import UnknownLayout
from data.manifest import Manifest
from data.operations import PipelineError
from data.refusals import Refused
from data.view import View, view_of
from grid.cache_folder import default_cache_dir
from grid.console import Console
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from grid.sources.roots import unknown_folder
from launch.command_lines import command_line, print_hint
from launch.waiting import images_read, waiting

SHOWN = 20


def degrade(
    source: Path, out: Path, degradation: str, *, layout: str | None, threads: int | None
) -> int:
    """Write a derived dataset and say what was written; return the exit code.

    Raises:
        Refused: the source, the folder or the degradation cannot be taken.
    """
    view = _view(degradation)
    root = source.expanduser().resolve()
    manifest = _indexed(root, layout)
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


def _indexed(root: Path, layout: str | None) -> Manifest:
    if not root.is_dir():
        why = "it is a file" if root.exists() else "there is no such folder"
        raise Refused.because(str(root), why, "Give the folder of a collection of images")
    try:
        with waiting(f"listing {root}") as say:
            return index_root(
                root,
                layout,
                default_cache_dir(),
                progress=lambda done, total: say(images_read(done, total)),
            )
    except UnknownLayout as error:
        command = command_line("degrade", root, "OUT", "--degradation", "TEXT")
        raise Refused([unknown_folder(error, command)]) from error
    except OSError as error:
        why = f"{error.filename or root} cannot be listed ({error.strerror})"
        raise Refused.because(str(root), why, "Check its permissions and its disk") from error


def _print_done(
    console: Console, source: Manifest, out: Path, view: View, done: DegradedDataset
) -> None:
    def say(text: str, style: str = "", *, whole: bool = False) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=whole)

    say(f"{view.degradation.canonical}: {counted(done.written, 'image')} written to {out}")
    if done.there:
        say(f"{counted(done.there, 'image')} there before, as they should be")
    if source.simulated:
        say("simulated images: no evidence about real generators; OUT is marked so", "yellow")
    _print_some(
        say,
        f"{counted(len(done.problems), 'file')} of the source without an image, all in {TABLE}:",
        [f"{problem.path}: {problem.reason}" for problem in done.problems],
    )
    _print_some(
        say,
        f"{counted(len(done.strangers), 'file')} in {out} made from no image of the source; an "
        "index of it reads them too:",
        done.strangers,
    )
    print_hint(console, "next", command_line("index", out))


def _print_some(say: Callable[..., None], title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    say(title, "yellow")
    for line in lines[:SHOWN]:
        say(f"  {line}", whole=True)
    if len(lines) > SHOWN:
        say(f"  ... and {len(lines) - SHOWN:,} more")
