"""What a folder holds: each of its files assigns one thing, and is found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

Kind = TypeVar("Kind")


def found_in(folder: ModuleType, name: str, kind: type[Kind]) -> dict[str, Kind]:
    """Return what the modules of a package assign to a name, by module, sorted.

    Args:
        folder: the package.
        name: in capitals, as in `FIGURE = FigureKind(...)`.
        kind: of what is assigned.

    Raises:
        TypeError: a file there assigns none.
    """
    found = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(folder.__path__)):
        assigned = getattr(importlib.import_module(f"{folder.__name__}.{module}"), name, None)
        if not isinstance(assigned, kind):
            raise TypeError(
                f"{folder.__name__.replace('.', '/')}/{module}.py: it assigns no {name} = "
                f"{kind.__name__}(...), which is what a file there is for; add it, or move the file"
            )
        found[module] = assigned
    return found
