"""What is said of a data root that is no collection: too high, of no known layout, or empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from data.folder_glimpse import glimpse
from data.layouts import RootTooHigh, SeveralLayouts, UnclearList, UnknownLayout, tree
from data.manifest import Manifest
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problem

_GIVE_ANOTHER = "Give the folder that holds the generators' folders, laid out as one of the trees"

_CORRECT = "Correct the layout, or leave it out and it is detected"


def unknown_root(alias: str, spec: DatasetSpec, error: UnknownLayout) -> Problem:
    """Return what is said of a root in an experiment file."""
    mend = _CORRECT if spec.layout else _GIVE_ANOTHER
    if isinstance(error, RootTooHigh):
        named = aliases(error.roots)
        roots = ", ".join(f'{named[root]}: {{root: "{root}"}}' for root in error.roots)
        mend = what_to_move(error) or f"Write the roots below `data:`, {roots}"
        mend += "; a `layout:` in the file overrules this"
    if isinstance(error, SeveralLayouts):
        mend = f"Write {_layout_lines(error)} in data.{alias}: the rest of the folder is left out"
    if isinstance(error, UnclearList):
        mend = f"{error.mend}, in data.{alias}"
    what = f"data.{alias}" if spec.layout else f"data.{alias}.root"
    return Problem(what=what, why=str(error).rstrip("."), mend=mend, details=error.details)


def unknown_folder(root: Path, error: UnknownLayout, command: str) -> Problem:
    """Return what is said of a folder for which an experiment is to be written.

    Args:
        root: the folder, resolved.
        error: what was found out about it.
        command: the command line that is right, where a folder is too high.
    """
    mend = _GIVE_ANOTHER
    if isinstance(error, RootTooHigh):
        mend = what_to_move(error) or f"Run instead: `{command}`"
    if isinstance(error, SeveralLayouts):
        mend = f"Part them, or write a file by hand with {_layout_lines(error)} beside the root"
    if isinstance(error, UnclearList):
        mend = f"{error.mend}, in a file written by hand"
        why = f"it {error.why}"
        return Problem(what=error.what, why=why, mend=mend, details=error.details)
    why = f"it {error.why}"
    return Problem(what=str(root), why=why, mend=mend, details=error.details)


def without_images(alias: str, manifest: Manifest) -> Problem:
    """Return what is said of a root whose layout is known and that holds no image of it."""
    return Problem(
        what=f"data.{alias}.root = {manifest.root}",
        why="no image was found there",
        mend=f"Check the root and the layout ({manifest.layout}: {manifest.reason})",
        details=(
            "found:",
            *(f"  {line}" for line in glimpse(manifest.root).lines),
            "where images are looked for:",
            *tree(manifest.layout),
        ),
    )


def what_to_move(error: RootTooHigh) -> str:
    """Say what to do where generators lie beside collections, "" where they do not."""
    if not error.mixed:
        return ""
    there = ", ".join(path.name for path in error.mixed[:4])
    more = f" and {len(error.mixed) - 4} more" if len(error.mixed) > 4 else ""
    return (
        f"Move {' and '.join(map(str, error.roots))} out of it, for {there}{more} in it "
        f"{'are generators' if len(error.mixed) > 1 else 'is a generator'}"
    )


def _layout_lines(error: SeveralLayouts) -> str:
    return " or ".join(f"`layout: {name}`" for name in error.layouts)


def aliases(folders: Sequence[Path]) -> dict[Path, str]:
    """Return a short name for each folder; of several with one name each gets a number."""
    plain = {folder: _plain(folder) for folder in folders}
    named = {}
    for folder, name in plain.items():
        same = [other for other in plain if plain[other] == name]
        named[folder] = name if len(same) == 1 else f"{name}_{same.index(folder) + 1}"
    return named


def _plain(folder: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", folder.resolve().name).strip("_").lower()
    # A folder may be called 2024, on or null, which YAML reads as something else than a name.
    return name if name and isinstance(yaml.safe_load(name), str) else f"data_{name}".rstrip("_")
