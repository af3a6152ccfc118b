"""Where a failure was raised: the line of the user's code in a traceback, else of crossgen's."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FRAME = re.compile(r'^  File "(/[^"]+)", line (\d+)(?:, in (.+))?\n(?:    (\S.*)$)?', re.MULTILINE)
_INSTALLED = re.compile(r"/(site|dist)-packages/|/lib(64)?/python3(\.\d+)?/")
# In the rooms of grid/ today, and where failures of earlier versions began.
_BEGINS = re.compile(r"(.*)/grid/(?:trial/|run/on_ray/)?(?:attempt|driver|worker)\.py")
_OURS = re.compile(r"/(?:analysis|data|detectors(?!/zoo)|grid|launch)/")


@dataclass(frozen=True)
class Line:
    """One frame of a traceback."""

    file: str
    number: int
    function: str
    source: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.number}" + (f" in {self.function}" if self.function else "")
        return where + (f": {self.source}" if self.source else "")


def raised_at(traceback: str) -> Line | None:
    """Return the innermost line of the user's code, else of crossgen; None where there is neither.

    The user's is what is neither an installed package, nor the standard library, nor crossgen but
    for its detectors. Where crossgen lies on the host that wrote the traceback is read from it:
    a trial begins in `grid.trial.attempt` or `grid.run.on_ray.worker`.
    """
    frames = [Line(f, int(n), name, source) for f, n, name, source in _FRAME.findall(traceback)]
    root = next((found[1] for f in frames if (found := _BEGINS.fullmatch(f.file))), None)

    def is_ours(frame: Line) -> bool:
        below = root is not None and frame.file.startswith(f"{root}/")
        return below and bool(_OURS.match(frame.file, len(root or "")))

    own = [f for f in frames if not is_ours(f) and not _INSTALLED.search(f.file)]
    crossgen = [f for f in frames if is_ours(f)]
    return next(reversed(own or crossgen), None)
