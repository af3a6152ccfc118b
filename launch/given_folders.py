"""Folders that a command is given: each the root of a collection, and none in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from data.layout_detection import detect
from data.layouts import RootTooHigh, UnknownLayout
from grid.refusal import Problems
from grid.sources.roots import unknown_folder


def checked_folders(
    folders: Sequence[Path], layout: str | None, command: Callable[[Sequence[Path]], str]
) -> list[Path]:
    """Return the folders, resolved.

    Args:
        folders: as they were given, each to be the root of a collection.
        layout: of all of them, instead of detecting it.
        command: the command line for other folders, which a refusal names.

    Raises:
        Refused: one is no collection, or would be two datasets.
    """
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
                detect(root)
            meant.append(root)
        except UnknownLayout as error:
            wrong[root] = error
            meant += error.roots if isinstance(error, RootTooHigh) else []
        except OSError as error:
            why = f"{error.filename or root} cannot be listed ({error.strerror})"
            problems.add(str(folder), why, "Check its permissions and its disk, then run again")
    apart = [each for each in dict.fromkeys(meant) if not _above(each, meant)]
    right = command(apart)
    for found in wrong.values():
        problems.extend([unknown_folder(found, right)])
    for root in roots:
        why = "it is given twice" if roots.count(root) > 1 else ""
        if above := _above(root, roots):
            why = f"it lies in {above}, which is given too"
        if why:
            why += ", and its images would be in two datasets"
            problems.add(str(root), why, f"Run instead: `{right}`" if apart else "Give it once")
    problems.raise_if_any()
    return roots


def _above(root: Path, roots: Sequence[Path]) -> Path | None:
    return next((each for each in roots if each in root.parents), None)
