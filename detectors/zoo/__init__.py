"""One file per detector: its options, its card, its `build`. The file's presence registers it.

A module here is imported by `plan` and `--help`, so it imports no torch at its top.
"""

from __future__ import annotations

import pkgutil


def zoo_names() -> list[str]:
    """Every detector of the zoo, sorted; found by file name, without importing one."""
    return sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )
