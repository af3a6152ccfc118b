"""What is said of a data root that is no collection: too high, of no known layout, or empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from data.counts import counted
from data.folder_glimpse import glimpse
from data.layouts import RootTooHigh, SeveralLayouts, UnclearList, UnknownLayout, tree
from data.manifest import Manifest
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problem

_GIVE_ANOTHER = "Give the folder that holds the generators' folders, laid out as one of the trees"

_FAULTS_SHOWN = 3
_CORRECT = "Correct the layout, or leave it out and it is detected"


def unknown_root(alias: str, spec: DatasetSpec, error: UnknownLayout) -> Problem:
    """Return what is said of a root in an experiment file."""
    mend = error.mend or (_CORRECT if spec.layout else _give_another(error))
    if isinstance(error, RootTooHigh):
        named = aliases(error.roots)
        roots = ", ".join(f'{named[root]}: {{root: "{root}"}}' for root in error.roots)
        mend = what_to_move(error) or f"Write the roots below `data:`, {roots}"
        mend += "; a `layout:` in the file overrules this"
    if isinstance(error, SeveralLayouts):
        mend = f"Write {_layout_lines(error)} in data.{alias}: the rest of the folder is left out"
    if isinstance(error, UnclearList):
        mend = _stated(error, f'write `layout: "{error.layout}"` in data.{alias}')
    what = f"data.{alias}" if spec.layout else f"data.{alias}.root"
    return Problem(what=what, why=str(error).rstrip("."), mend=mend, details=error.details)


def unknown_folder(error: UnknownLayout, command: str) -> Problem:
    """Return what is said of a folder that was given to a command.

    Args:
        error: what was found out about it.
        command: the command line that is right, where a folder is too high.
    """
    mend = error.mend or _give_another(error)
    if isinstance(error, RootTooHigh):
        mend = what_to_move(error) or f"Run instead: `{command}`"
    if isinstance(error, SeveralLayouts):
        options = " or ".join(f"`--layout {name}`" for name in error.layouts)
        mend = f"Part them, or add {options}: the rest of the folder is left out"
    if isinstance(error, UnclearList):
        mend = _stated(error, f"add `--layout '{error.layout}'`")
    return Problem(what=error.what, why=f"it {error.why}", mend=mend, details=error.details)


def without_images(what: str, manifest: Manifest) -> Problem:
    """Return what is said of a root whose layout is known and that holds no image of it."""
    reason = manifest.reason.partition("\n")[0]  # sample rows stand on lines of their own
    faults = [f"  {problem.path}: {problem.reason}" for problem in manifest.problems]
    more = len(faults) - _FAULTS_SHOWN
    files = f" that can be used, of {counted(len(faults), 'file')}" if faults else ""
    return Problem(
        what=what,
        why=f"no image was found there{files}",
        mend=f"Check the root and the layout ({manifest.layout}: {reason})",
        details=(
            *(["cannot be used:", *faults[:_FAULTS_SHOWN]] if faults else []),
            *([f"  ... and {more:,} more"] if more > 0 else []),
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


def _give_another(error: UnknownLayout) -> str:
    """The trees are shown below where there are any."""
    return _GIVE_ANOTHER if error.details else "Give the folder of another collection, or mend it"


def _stated(error: UnclearList, how: str) -> str:
    """What to do about a list: state how it is meant, or what else would do."""
    told = f"{error.otherwise}, or {how}" if error.otherwise else how[0].upper() + how[1:]
    return f"{told}, {error.meaning}"


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
