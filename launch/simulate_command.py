"""`crossgen simulate`: checks what is asked for, has the fakes made, says what was made."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from data.counts import counted
from data.derived.derived_folder import TABLE
from data.manifest import Manifest
from data.refusals import Refused
from data.suggestions import did_you_mean
from data.upsampled.photographs import SPLITS
from data.upsampled.traces import UPSAMPLERS
from data.upsampled.upsampled_dataset import Simulation, UpsampledDataset, write_upsampled
from grid.console import Console
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from launch.command_lines import command_line, print_hint
from launch.saying import AGAIN, say
from launch.show_made import print_some
from launch.source_collection import indexed_source
from launch.waiting import waiting


def simulate(
    source: Path,
    out: Path,
    *,
    upsamplers: Sequence[str],
    splits: Sequence[str],
    as_split: str,
    images: int | None,
    seed: int,
    layout: str | None,
    threads: int | None,
) -> int:
    """Write photographs and their fakes and say what was written; return the exit code.

    Raises:
        Refused: the source, the folder or an up-sampler cannot be taken.
    """
    for name in upsamplers:
        if name not in UPSAMPLERS:
            why = f"no such up-sampler is known. {did_you_mean(name, list(UPSAMPLERS))}"
            raise Refused.because(name, why, "Correct --upsampler")
    asked = Simulation(
        upsamplers=upsamplers or tuple(UPSAMPLERS),
        seed=seed,
        splits=splits or SPLITS,
        as_split=as_split,
        images=images,
    )
    out = out.expanduser()
    manifest = indexed_source(
        source,
        layout,
        command_line("simulate", source.expanduser().resolve(), out),
        "a folder of photographs alone is read with --layout photographs",
    )
    try:
        with waiting("looking at what is there") as show:
            done = write_upsampled(
                manifest,
                out,
                asked,
                threads or len(os.sched_getaffinity(0)),
                lambda made, total: show(f"making fakes of photographs {made:,}/{total:,}"),
            )
    except OSError as error:
        say(
            "not finished",
            [f"{error.filename or out} cannot be written ({error.strerror}); {AGAIN}"],
        )
        return EXIT_FAILED
    _print_done(Console(), manifest, out, asked, done)
    return EXIT_FAILED if done.problems else EXIT_DONE


def _print_done(
    console: Console, source: Manifest, out: Path, asked: Simulation, done: UpsampledDataset
) -> None:
    def line(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False)

    by_split = ", ".join(f"{number:,} {split}" for split, number in done.photographs.items())
    total = counted(sum(done.photographs.values()), "photograph")
    fakes = counted(len(asked.upsamplers), "fake")
    line(f"{total} ({by_split or 'none'}) with {fakes} each in {out}")
    line(f"{counted(done.written, 'fake')} written, {done.there:,} there before")
    if done.copies:
        line(f"{counted(done.copies, 'photograph')} of equal bytes left out, each kept once")
    if source.problems:
        line(
            f"{counted(len(source.problems), 'file')} of the source cannot be used: see "
            "`crossgen index`",
            "yellow",
        )
    print_some(
        console,
        f"{counted(len(done.problems), 'photograph')} left out, with the reason in {TABLE}:",
        [f"{problem.path}: {problem.reason}" for problem in done.problems],
    )
    line(
        "simulated images: to train on; tests on them are no evidence about real generators",
        "yellow",
    )
    if done.photographs and "train" not in done.photographs:
        line("none of them is for training: give --as train, in a new folder, if they may be")
    print_hint(console, "next", command_line("index", out))
