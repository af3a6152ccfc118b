"""What pictures are called: names of files that shells and LaTeX take as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

LONGEST = 80


def file_words(text: str) -> str:
    """Return a title as a file's name: small letters, digits, dots and hyphens."""
    words = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
    return words[:LONGEST].strip("-.") or "unnamed"


def file_names(
    kind: str, titles: Iterable[str], said: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """Return a name for each of several titles, all different: "matrix-npr-factor-0.5".

    Where there is one title, the kind of figure says enough.

    Args:
        kind: of figure.
        titles: what tells the figures apart.
        said: for each title what the name is made of, where that is not the title.
    """
    every = list(dict.fromkeys(titles))
    if len(every) == 1:
        return {every[0]: kind}
    names: dict[str, str] = {}
    for title in every:
        name = f"{kind}-{file_words(said[title] if said else title)}"
        taken = list(names.values())
        number = 2
        unique = name
        while unique in taken:
            unique = f"{name}-{number}"
            number += 1
        names[title] = unique
    return names
