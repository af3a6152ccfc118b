"""What a figure is, and finding all of them: one file in `figures/drawn/` is one kind of figure."""

from __future__ import annotations

import importlib
import io
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import analysis.figures.drawn
from analysis.comparing.evidence import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

DOTS_PER_INCH = 150


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One drawn figure: the name of its file without a suffix, what it shows, and the drawing.

    `alternative` says in a sentence what can be read from it, for people who do not see it.
    """

    name: str
    caption: str
    alternative: str
    canvas: Canvas

    def png(self) -> bytes:
        """Return the figure as PNG; the same figure gives the same bytes."""
        written = io.BytesIO()
        self.canvas.savefig(
            written, format="png", dpi=DOTS_PER_INCH, metadata={"Software": "crossgen"}
        )
        return written.getvalue()


@dataclass(frozen=True, kw_only=True)
class FigureKind:
    """A kind of figure: `draw` gives a picture for each thing that it shows of an experiment.

    It gives none where what it needs is not in the store; `needs` then says how to make it.
    `page` is its place on the page, lower first, None where it is drawn on request alone.
    """

    title: str
    needs: str
    draw: Callable[[Evidence], Iterable[Picture]]
    page: int | None = None


def all_figures() -> dict[str, FigureKind]:
    """Return the kinds of figures by the name of their file, sorted.

    Raises:
        TypeError: a file there assigns no FIGURE.
    """
    found = {}
    for module in pkgutil.iter_modules(analysis.figures.drawn.__path__):
        name = module.name
        kind = getattr(importlib.import_module(f"analysis.figures.drawn.{name}"), "FIGURE", None)
        if not isinstance(kind, FigureKind):
            raise TypeError(
                f"analysis/figures/drawn/{name}.py: it assigns no FIGURE = FigureKind(...), which "
                "is what a file there is for; add it, or move the file."
            )
        found[name] = kind
    return dict(sorted(found.items()))
