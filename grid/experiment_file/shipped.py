"""The experiments that come with crossgen: files in `grid/experiments`, found by their presence."""

from __future__ import annotations

from pathlib import Path

from data.suggestions import did_you_mean
from grid.refusal import Refused

FOLDER = Path(__file__).parents[1] / "experiments"


def shipped_names() -> list[str]:
    """Return the names of all shipped experiments, each its file's."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def shipped_path(name: str) -> Path:
    """Return the file of a shipped experiment.

    Raises:
        Refused: there is none of this name.
    """
    if name not in shipped_names():
        mend = did_you_mean(name, shipped_names())
        raise Refused.because(name, "no experiment of this name comes with crossgen", mend)
    return FOLDER / f"{name}.yaml"
