"""`crossgen new detector`: the two files, written where there are none."""

from __future__ import annotations

import re
from pathlib import Path

from data.refusals import Problem, Refused
from detectors.zoo import zoo_names
from grid.console import Console
from grid.packages import packages_root
from launch.command_lines import command_line, print_hint
from launch.new_detector_template import PLUGIN_TEST, STARTING_FILE, ZOO_TEST

NAME = re.compile(r"[a-z][a-z0-9_]*")


def write_new_detector(name: str, to: Path | None) -> None:
    """Write a detector and its test, and say what to do next.

    Args:
        name: of the detector and its file.
        to: folder of both files, made where it is missing; None for the zoo of a checkout.

    Raises:
        Refused: a name that cannot be one or is taken, or a file that is there already.
    """
    if not NAME.fullmatch(name):
        raise Refused.because(
            name, "it is no name of a detector", "Use small letters, digits and '_'"
        )
    if name in zoo_names():
        raise Refused.because(name, "the zoo has a detector of this name", "Choose another name")
    file, test = _places(name, to)
    there = [path for path in (file, test) if path.exists()]
    if there:
        raise Refused(
            [
                Problem(what=str(path), why="the file is there already", mend="Choose another name")
                for path in there
            ]
        )
    for path, text in ((file, STARTING_FILE), (test, ZOO_TEST if to is None else PLUGIN_TEST)):
        _write(path, _filled(text, name))
    console = Console()
    checked = name if to is None else file
    print_hint(console, f"written: {file} and {test}", command_line("check", "detector", checked))


def _places(name: str, to: Path | None) -> tuple[Path, Path]:
    if to is not None:
        return to / f"{name}.py", to / f"test_{name}.py"
    root = packages_root()
    tests = root / "tests" / "detectors"
    if not tests.is_dir():
        raise Refused.because(
            f"new detector {name}",
            "crossgen is installed here without its tests, it is no checkout",
            "Name a folder of your own with --to; an experiment file then names the detector "
            "under `plugins:`",
        )
    return root / "detectors" / "zoo" / f"{name}.py", tests / f"test_{name}.py"


def _filled(text: str, name: str) -> str:
    class_name = "".join(part.capitalize() for part in name.split("_"))
    return text.replace("NAME", name).replace("CLASS", class_name)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Refused.because(
            str(path), f"it cannot be written ({error.strerror})", "Choose another folder"
        ) from error
