"""What lies in a folder, in a few lines: what a refusal shows of a folder that is not understood.

The work is bounded, whatever lies there: a few folders, and so many entries of each.
"""

import os
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from data.listed_ahead import is_folder

FOLDERS_SHOWN = (4, 2, 1)  # in each folder of each level: a collection repeats itself
ENTRIES_COUNTED = 2000


@dataclass(frozen=True)
class Glimpse:
    """Lines for people, one per folder, and whether no file was seen in any."""

    lines: tuple[str, ...]
    is_empty: bool


@dataclass
class _Seen:
    """What was seen so far."""

    saw_file: bool = False
    was_cut: bool = False  # there is more, which was not looked at


def glimpse(root: Path) -> Glimpse:
    """Look at the folders of a root, three levels deep: their names, and files by extension.

    Raises:
        OSError: the root cannot be listed.
    """
    seen = _Seen()
    files, folders = _listed(root, seen)
    lines = [f"{root} holds {files or 'no files'}", *_inner(folders, 0, seen)]
    return Glimpse(tuple(lines), not seen.saw_file and not seen.was_cut)


def _inner(folders: list[Path], level: int, seen: _Seen) -> list[str]:
    shown = FOLDERS_SHOWN[level] if level < len(FOLDERS_SHOWN) else 0
    indent = "  " * (level + 1)
    lines = []
    for folder in folders[:shown]:
        try:
            files, inner = _listed(folder, seen)
        except OSError as error:
            seen.was_cut = True
            lines.append(f"{indent}{folder.name}/  cannot be listed ({error.strerror})")
            continue
        lines.append(f"{indent}{folder.name}/  {files}".rstrip())
        lines += _inner(inner, level + 1, seen)
    if folders[shown:]:
        seen.was_cut = True
        names = ", ".join(f"{folder.name}/" for folder in folders[shown : shown + 3])
        more = len(folders) - shown - 3
        lines.append(f"{indent}and {names}" + (f" and {more:,} more folders" * (more > 0)))
    return lines


def _listed(folder: Path, seen: _Seen) -> tuple[str, list[Path]]:
    """The files of a folder in words, by extension, and the folders in it, by name."""
    with os.scandir(folder) as entries:
        looked_at = list(islice(entries, ENTRIES_COUNTED))
        goes_on = next(entries, None) is not None
    visible = [entry for entry in looked_at if not entry.name.startswith(".")]
    folders = sorted(Path(entry.path) for entry in visible if is_folder(entry))
    counts = Counter(
        Path(entry.name).suffix.lower() or "without extension"
        for entry in visible
        if not is_folder(entry)
    )
    seen.saw_file |= bool(counts)
    seen.was_cut |= goes_on
    kinds = [f"{n:,} {kind}" for kind, n in counts.most_common(3)]
    others = counts.total() - sum(n for _, n in counts.most_common(3))
    if others:
        kinds.append(f"{others:,} others")
    if goes_on:
        kinds.append(f"more ({ENTRIES_COUNTED:,} entries were looked at)")
    return ", ".join(kinds), folders
