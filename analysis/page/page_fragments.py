"""What the sections write on the page with: their templates, and what templates may call.

A fragment ends with a line's end. Everything that comes from names is escaped, whatever the file is
called.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from analysis.page.sentences import number
from data.counts import counted
from grid.durations import duration

FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "sections")


def fragment(template: str, **values: Any) -> Markup:
    """Return a template of this room or of `sections/`, with its values, and a line's end."""
    return Markup(environment().get_template(template).render(**values).rstrip("\n") + "\n")


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the templates, with the functions that all of them may call."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        breakable=breakable,
        counted=counted,
        duration=duration,
        hint=hint,
        number=number,
        reach=reach,
    )
    return made


def reach(columns: int, narrow: int, wide: int) -> str:
    """Return which screens a table of so many columns is too wide for: none, a phone's, any."""
    return "beyond-any" if columns > wide else "beyond-phone" if columns > narrow else ""


def hint(reached: str) -> Markup:
    """Return what stands above a table that some screens are too narrow for."""
    if not reached:
        return Markup("")
    said = "Scroll the table sideways to see all of it."
    return Markup('<p class="hint {}">{}</p>').format(reached, said)


def breakable(label: str) -> Markup:
    """Return a label that may be wrapped after what joins its parts; it is never cut."""
    return Markup("<wbr>").join(re.split(r"(?<=[_+/,=)-])", label))
