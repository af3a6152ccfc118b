"""Whether the files of a weights folder are what their entries say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.refusals import Refused
from data.regular_files import open_regular
from detectors.weights_folder.entries import left_over, names_in, read_entry, tensors_file


class ProvedFile(NamedTuple):
    """One name, or one file that no entry names; `fault` is "" where nothing is wrong."""

    name: str
    fault: str
    is_damage: bool


def proved(folder: Path) -> Iterator[ProvedFile]:
    """Read every file of a folder and hold it against its entry."""
    for name in names_in(folder):
        fault = fault_of_name(folder, name)
        yield ProvedFile(name, fault, is_damage=bool(fault))
    for path in left_over(folder):
        stranger = path.relative_to(folder).as_posix()
        yield ProvedFile(stranger, "no entry names this file", is_damage=False)


def fault_of_name(folder: Path, name: str) -> str:
    """Return what is wrong with the file of one name, "" where its bytes are its entry's."""
    try:
        entry = read_entry(folder, name)
        with open_regular(tensors_file(folder, name)) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except Refused as refused:
        return refused.problems[0].why
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if found != entry.sha256:
        return f"its bytes have the checksum {found[:8]} instead of {entry.sha256[:8]}"
    return ""
