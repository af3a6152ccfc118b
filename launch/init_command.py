"""`crossgen init`: a valid, commented experiment for the images that were found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from data import layouts
from data.counts import counted
from data.layouts import RootTooHigh, UnknownLayout
from grid.console import Console
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problem, Problems, Refused
from grid.sources.catalog import open_catalog
from grid.sources.roots import aliases, unknown_folder
from launch.command_lines import command_line, print_hint
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
    roots = _checked(folders, output, layout)
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


def _checked(folders: Sequence[Path], output: Path | None, layout: str | None) -> list[Path]:
    """Return the folders, resolved; refuse what is no collection, or would be two datasets."""
    problems = Problems()
    wrong: dict[Path, UnknownLayout] = {}
    roots, meant = [], []
    for folder in folders:
        root = folder.expanduser().resolve()
        if not root.is_dir():
            why = "it is a file" if root.exists() else "there is no such folder"
            problems.add(str(folder), why, "Give the folder of a collection of images")
            continue
        roots.append(root)
        try:
            if layout is None:
                layouts.detect(root)
            meant.append(root)
        except UnknownLayout as error:
            wrong[root] = error
            meant += error.roots if isinstance(error, RootTooHigh) else []
        except OSError as error:
            why = f"{error.filename or root} cannot be listed ({error.strerror})"
            problems.add(str(folder), why, "Check its permissions and its disk, then run again")
    apart = [each for each in dict.fromkeys(meant) if not _above(each, meant)]
    options = [*(["--layout", layout] if layout else []), *(["-o", output] if output else [])]
    command = command_line("init", *apart, *options)
    for found in wrong.values():
        problems.extend([unknown_folder(found, command)])
    for root in roots:
        why = "it is given twice" if roots.count(root) > 1 else ""
        if above := _above(root, roots):
            why = f"it lies in {above}, which is given too"
        if why:
            why += ", and its images would be in two datasets"
            problems.add(str(root), why, f"Run instead: `{command}`" if apart else "Give it once")
    problems.raise_if_any()
    return roots


def _above(root: Path, roots: Sequence[Path]) -> Path | None:
    return next((each for each in roots if each in root.parents), None)


def _check_output(output: Path) -> None:
    """Before a million images are read."""
    if output.exists():
        why, mend = "it exists and is not overwritten", "Choose another name, or delete it first"
    elif not os.access(output.parent, os.W_OK):
        why, mend = f"{output.parent} is no folder that can be written to", "Choose another place"
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
