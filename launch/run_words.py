"""Options of `crossgen run` that another command passes on, read before it does anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grid.refusal import Problems

_NOT_THERE = {
    "no_ray": ("--no-ray", "a job is there to run on Ray", "Leave it out"),
    "task": ("--task", "it is for jobs beside each other without Ray", "Leave it out"),
    "debug": ("--debug", "it raises in the process of a person", "Use crossgen run FILE --no-ray"),
    "smoke": (
        "--smoke",
        "its images and its store would be gone with the job",
        "Try the experiment out here: crossgen run FILE --smoke",
    ),
    "store": ("--store after --", "the submitting command has to know it", "Give it before --"),
}


def read_run_words(file: Path, words: Sequence[str]) -> dict[str, Any]:
    """Return what the words mean to `crossgen run FILE`, by parameter.

    Raises:
        Refused: options that mean nothing in a job.
        click.UsageError: what `run` does not understand.
    """
    from launch.commands.run import command

    given = command.make_context("crossgen run", [str(file), *words]).params
    problems = Problems()
    for name, (what, why, mend) in _NOT_THERE.items():
        if given.get(name):
            problems.add(what, why, mend)
    problems.raise_if_any()
    return given
