"""What a figure is, and finding all of them: one file in `figures/drawn/` is one kind of figure."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import analysis.figures.drawn
from analysis.by_presence import found_in
from analysis.comparing.evidence import Evidence
from analysis.measuring.metric_registry import DEFAULT

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

DOTS_PER_INCH = 150
PRINTED_DOTS_PER_INCH = 300


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
        """Return the figure as PNG for a screen; the same figure gives the same bytes.

        Of its colours 256 are kept, none further than some 10 of 256 from its own, which makes the
        file a third as large.
        """
        from PIL import Image

        written = io.BytesIO()
        with Image.open(io.BytesIO(self._saved("png", dpi=DOTS_PER_INCH))) as pixels:
            few = pixels.convert("RGB").quantize(
                256,
                method=Image.Quantize.MAXCOVERAGE,
                kmeans=3,
                dither=Image.Dither.NONE,
            )
            few.save(written, format="png", optimize=True, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
        return written.getvalue()

    def printed_png(self) -> bytes:
        """Return the figure as PNG for paper, all its colours; likewise the same bytes."""
        metadata = {"Software": "crossgen"}
        return self._saved("png", dpi=PRINTED_DOTS_PER_INCH, metadata=metadata)

    def pdf(self) -> bytes:
        """Return the figure as PDF, without a date; likewise the same bytes."""
        return self._saved("pdf", metadata={"CreationDate": None})

    def _saved(self, form: str, **how: Any) -> bytes:
        from analysis.figures.style import in_style

        written = io.BytesIO()
        with in_style():
            engine = self.canvas.get_layout_engine()
            if engine is not None:
                # Once and for all: `savefig` would draw everything twice to do so, and lay it out
                # by the dots of the first file that is asked for.
                engine.execute(self.canvas)
                self.canvas.set_layout_engine("none")
            self.canvas.savefig(written, format=form, **how)
        return written.getvalue()


@dataclass(frozen=True, kw_only=True)
class FigureKind:
    """A kind of figure: `draw` gives a picture for each thing that it shows of an experiment.

    It gives none where what it needs is not in the store; `needs` then says how to make it.
    `page` is its place on the page, lower first, None where it is drawn on request alone.
    `draw` is given the evidence, and the keyword `metric` as well where `takes_metric`; however it
    is called, it draws in the style of all figures.
    """

    title: str
    needs: str
    draw: Callable[..., Iterable[Picture]]
    page: int | None = None
    takes_metric: bool = False

    def __post_init__(self) -> None:
        """Have everything drawn in the one style, whatever the user's matplotlib is set to."""
        object.__setattr__(self, "draw", _styled(self.draw))

    def pictures(self, evidence: Evidence, metric: str = DEFAULT) -> tuple[Picture, ...]:
        """Return all pictures of an experiment, of a metric where the kind draws metrics."""
        return tuple(
            self.draw(evidence, metric=metric) if self.takes_metric else self.draw(evidence)
        )


def _styled(draw: Callable[..., Iterable[Picture]]) -> Callable[..., Iterator[Picture]]:
    @functools.wraps(draw)
    def styled(*arguments: Any, **named: Any) -> Iterator[Picture]:
        from analysis.figures.style import in_style

        pictures = iter(draw(*arguments, **named))
        while True:
            with in_style():  # not while the picture is looked at: that is the caller's time
                picture = next(pictures, None)
            if picture is None:
                return
            yield picture

    return styled


def all_figures() -> dict[str, FigureKind]:
    """Return the kinds of figures by the name of their file, sorted.

    Raises:
        TypeError: a file there assigns no FIGURE.
    """
    return found_in(analysis.figures.drawn, "FIGURE", FigureKind)
