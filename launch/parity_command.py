"""`crossgen check parity FOLDER`: each file's numbers computed anew, and how far off they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from data.counts import counted
from data.refusals import Refused
from detectors.parity.checking import LARGEST_ALLOWED, ParityCheck, check_parity
from grid.console import Console
from launch.paragraphs import print_paragraph
from launch.waiting import waiting


def check_parity_files(folder: Path) -> int:
    """Check every JSON file of a folder, or one file; return 0 when all numbers are equal, else 1.

    Raises:
        Refused: there is no such file in it.
    """
    files = sorted(folder.glob("*.json")) if folder.is_dir() else [folder]
    if not files:
        raise Refused.because(
            str(folder), "no file in it ends in .json", "Give the folder of the parity files"
        )
    console, checks = Console(), []
    for number, path in enumerate(files, start=1):
        place = f"{path.name} ({number} of {len(files)})"
        with waiting(place) as say:
            found = check_parity(path, partial(_say_number, say, place))
        for check in found:
            print_paragraph(console, f"{path.name}: {_in_words(check)}", style=_style(check))
        checks += found
    checked = [check for check in checks if check.is_checked]
    print_paragraph(console, _total(checks, checked))
    return int(not checked or not all(check.is_equal for check in checked))


def _say_number(say: Callable[[str], None], place: str, what: str) -> None:
    say(f"{place}  {what}")


def _in_words(check: ParityCheck) -> str:
    name = f"{check.detector}, " if check.detector else ""
    if check.failed:
        return f"{name}FAILED with {check.failed}"
    if check.largest is None:
        return f"{name}not checked: {check.not_checked}"
    worst = check.largest
    place = f"({worst.what})" if worst.relative else ""
    said = (
        f"{name}{counted(check.values, 'value')}, largest relative deviation "
        f"{worst.relative:.1e} {place}".rstrip()
        + f", {check.seconds:.1f} s"
    )
    if check.is_equal:
        return said
    return (
        f"{said}: FAILED, ours is {worst.ours}, the official code's {worst.given}; "
        f"at most {LARGEST_ALLOWED:.0e} is allowed"
    )


def _style(check: ParityCheck) -> str:
    if not check.is_checked:
        return "yellow"
    return "green" if check.is_equal else "bold red"


def _total(checks: list[ParityCheck], checked: list[ParityCheck]) -> str:
    values = counted(sum(check.values for check in checked), "value")
    unequal = sum(not check.is_equal for check in checked)
    state = f"{unequal} FAILED" if unequal else "all equal" if checked else "nothing was checked"
    left = len(checks) - len(checked)
    return f"{len(checked)} checked ({values}): {state}; {left} not checked"
