"""Where the pinned versions are: beside a checkout's packages, or installed with the wheel."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from grid.packages import packages_root

LOCK = "requirements.lock"


def lock_file() -> Path | None:
    """Return the file of pinned versions; None where the code came without."""
    root = packages_root()
    if (root / "pyproject.toml").is_file() and (root / LOCK).is_file():
        return root / LOCK
    try:
        installed = importlib.metadata.distribution("crossgen")
    except importlib.metadata.PackageNotFoundError:
        return None
    for each in installed.files or ():
        if each.name == LOCK:
            found = Path(str(installed.locate_file(each))).resolve()
            return found if found.is_file() else None
    return None
