"""A file that says: the images here were made by a program of ours, not by a generator.

Numbers from simulated images are no evidence about real generators, so whatever is shown of them
must say so. The file lies in the folder of a collection and in that of each of its generators,
so that copying or linking one of them takes it along.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SIMULATED_MARKER = "crossgen-simulated.json"
_STATEMENT = "Simulated images: no evidence about real generators."


def marker_text(made_by: Mapping[str, Any]) -> str:
    """What the file says: the statement, and what made the images with which arguments."""
    return json.dumps({"statement": _STATEMENT, **made_by}, indent=1) + "\n"


def is_simulated(root: Path, folders: Iterable[str] = ()) -> bool:
    """Whether a collection, or a part of it, is marked as simulated.

    Folders above count as well: a marked collection's generator may be a root of its own.

    Args:
        root: of the collection.
        folders: directly below it, to look into too; a link may lead to a marked generator.
    """
    places: set[Path] = set()
    for start in (root, *(root / folder for folder in folders)):
        place = start.resolve()
        places.update((place, *place.parents))
    return any((place / SIMULATED_MARKER).is_file() for place in places)
