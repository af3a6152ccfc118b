"""The console that commands and progress print to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rich.console
from rich.segment import Segment

from grid.visible import visible


class Console(rich.console.Console):
    """A rich console that shows control characters in what it prints instead of sending them.

    Styles and cursor movements are the console's own and are made later than this.
    """

    def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
        """Yield the segments of what is printed, their text made visible."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)
