"""`crossgen init`: a valid, commented experiment for the images that were found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from data.counts import counted
from grid.console import Console
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problem, Problems, Refused
from grid.sources.catalog import open_catalog
from grid.sources.roots import aliases
from launch.command_lines import command_line, print_hint
from launch.given_folders import checked_folders
from launch.init_template import NewExperiment, new_experiment
from launch.waiting import images_read, waiting


def write_experiment(
    folders: Sequence[Path], output: Path | None, layout: str | None = None
) -> None:
    """Write an experiment for some folders, to a file that does not exist yet or to stdout.

    What was found, and what to do next, is said on the terminal. Files that cannot be used are no
    reason to write none: what is done about them is a line to fill in.

    Args:
        folders: the roots of collections.
        output: the file; None for stdout.
        layout: of all folders, instead of detecting it.

    Raises:
        Refused: a folder is no collection; or the output file exists or cannot be written.
    """
    if output is not None:
        _check_output(output)
    options = [*(["--layout", layout] if layout else []), *(["-o", output] if output else [])]
    roots = checked_folders(folders, layout, lambda roots: command_line("init", *roots, *options))
    problems = Problems()
    specs = {alias: DatasetSpec(root=root, layout=layout) for root, alias in aliases(roots).items()}
    with waiting("listing images") as say_meanwhile:
        catalog = open_catalog(
            specs,
            image_limit=None,
            problems=problems,
            unreadable="null_score",
            progress=lambda done, total: say_meanwhile(images_read(done, total)),
        )
    problems.raise_if_any()
    made = new_experiment(catalog, output.name if output else "FILE", layout)
    if output is None:
        print(made.text, end="")
    else:
        _write(output, made.text)
    # What stdout holds without -o is the file.
    _print_found(Console(stderr=output is None), made, output)


def _check_output(output: Path) -> None:
    """Before a million images are read."""
    if output.exists():
        why, mend = "it exists and is not overwritten", "Choose another name, or delete it first"
    elif not os.access(output.absolute().parent, os.W_OK):
        why = f"{output.absolute().parent} is no folder that can be written to"
        mend = "Choose another place"
    else:
        return
    raise Refused([Problem(what=str(output), why=why, mend=mend)])


def _write(output: Path, text: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        why = f"it cannot be written ({error.strerror})"
        problem = Problem(what=str(output), why=why, mend="Choose another place with -o")
        raise Refused([problem]) from error


def _print_found(console: Console, made: NewExperiment, output: Path | None) -> None:
    def say(text: str, style: str = "", *, whole: bool = False) -> None:
        # Whole is what is to be copied: not cut where the terminal ends.
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=whole)

    for line in made.found:
        say(line)
    for fact in dict.fromkeys(each.fact for each in made.bias):
        alike = [each for each in made.bias if each.fact == fact]
        more = f" ({len(alike) - 1} more in the file)" if len(alike) > 1 else ""
        first = f"{alike[0].comparison}: {fact} x label is one-sided: {alike[0].classes}"
        say(f"! {first}; a detector can read the label from the {fact} alone{more}", "yellow")
    if made.unusable:
        does = counted(len(made.unusable), "file cannot", "files cannot")
        say(f"! {does} be used, e.g. {made.unusable[0]}", "yellow")
    for alias, line in made.families.items():
        say(f"family unknown, optional: data.{alias}.{line}", "dim", whole=True)
    file = str(output) if output else "FILE"
    if output:
        say(f"wrote {output}", whole=True)
    if made.blanks:
        say(f"fill in first, in {file}:", "bold", whole=True)
        for blank in made.blanks:
            say(f"  {blank}")
    print_hint(console, "then" if made.blanks else "next", command_line("plan", file))
