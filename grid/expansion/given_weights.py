"""Weights that an arm is given as a file: their checksum, and what is said where there is none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from data.regular_files import open_regular
from grid.refusal import Problems

HOW_TO_MAKE = (
    "Correct the path. A file of weights is the whole state dict of the arm's detector with its "
    "options, as safetensors. Every committed fit has such files, in its store: "
    'fits/<fit_id>/<attempt>/weights-<epoch>.safetensors, where `crossgen query "SELECT name, '
    'fit_id, attempt, kept_epochs FROM fits WHERE committed"` gives the names'
)


def given_weights(where: str, path: Path, problems: Problems) -> dict[str, Any] | None:
    """Return what stands for a file of weights in the identity, and its path; None without one.

    Args:
        where: the place in the experiment file.
        path: of the weights.
        problems: receives a file that is not there or cannot be read.
    """
    try:
        with open_regular(path) as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        problems.add(f"{where} = {path}", "there is no such file", HOW_TO_MAKE)
        return None
    except OSError as error:
        problems.add(f"{where} = {path}", f"it cannot be read ({error.strerror})", HOW_TO_MAKE)
        return None
    return {"sha256": checksum, "path": str(path)}
