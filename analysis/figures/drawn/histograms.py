"""Score histograms of reals and fakes, trained on against tested on: shifted thresholds show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.matrix_axes import matrix_width_in, name_cells
from analysis.figures.naming import file_names
from analysis.figures.score_shapes import BINS, LOGIT_EDGES, Numbers, ScoreShape, Shares, shapes_of
from analysis.figures.style import BLACK, FAKE, GREY, LIGHT_GREY, REAL, head, new_canvas
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY_COLUMNS = 8
"""Test sets; panels of more have half as many bins."""


@dataclass(frozen=True)
class LogitRange:
    """How far a panel reaches on both sides of 0: all bins but `first` of them at each end."""

    first: int
    bins: int

    @property
    def logit(self) -> float:
        """The largest logit that is drawn in its place."""
        return float(LOGIT_EDGES[BINS - self.first])

    def drawn(self, histogram_B: Numbers) -> Numbers:
        """Return `bins` counts, what is beyond the range in the outermost ones."""
        kept = histogram_B[self.first : BINS - self.first].reshape(self.bins, -1).sum(axis=1)
        kept[0] += histogram_B[: self.first].sum()
        kept[-1] += histogram_B[BINS - self.first :].sum()
        return np.asarray(kept, dtype=np.int64)


FIRSTS = (40, 20, 0)
"""Of the ranges to logits of 5, 16 and 50."""

_SIZE = 0.92  # of a panel, in cells


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a figure of each main matrix whose scores are at hand."""
    found = main_matrices(evidence.matrices)
    names = file_names("histograms", (matrix.title for matrix in found))
    for matrix in found:
        shapes = shapes_of(evidence, matrix)
        if shapes:
            yield _picture(matrix, shapes, names[matrix.title])


def _picture(matrix: Matrix, shapes: Mapping[tuple[int, int], ScoreShape], name: str) -> Picture:
    canvas = new_canvas(matrix_width_in(matrix), 1.2 + 0.36 * len(matrix.rows))
    axes = canvas.add_subplot()
    range_of = narrowest_range(shapes.values(), 20 if len(matrix.columns) > MANY_COLUMNS else 40)
    _panels(axes, matrix, shapes, range_of)
    name_cells(axes, matrix)
    head(canvas, matrix.title)
    canvas.legend(handles=_key(), loc="outside lower center", ncols=3)
    return Picture(
        name=name,
        caption=f"{matrix.title}: logits of reals and fakes, of the lowest measured seed, trained "
        "on (rows) against tested on (columns); boxed: trained on this generator. Each panel runs "
        f"from {-range_of.logit:.0f} to {range_of.logit:.0f} by arcsinh, linear near 0 and "
        "logarithmic beyond; what is further out is in the outermost bins. Each panel has a height "
        "of its own. The line is the threshold, logit 0: two humps that both lie on one side of it "
        "are told apart by AUC and not by accuracy.",
        alternative=_in_words(shapes),
        canvas=canvas,
    )


def narrowest_range(shapes: Iterable[ScoreShape], bins: int) -> LogitRange:
    """Return the narrowest range that at most one image in five hundred of all cells is beyond."""
    together_B = np.sum([each.histogram_real + each.histogram_fake for each in shapes], 0)
    return next(
        LogitRange(first, bins)
        for first in FIRSTS
        if together_B[first : BINS - first].sum() >= 0.998 * together_B.sum()
    )


def _panels(
    axes: Axes,
    matrix: Matrix,
    shapes: Mapping[tuple[int, int], ScoreShape],
    range_of: LogitRange,
) -> None:
    """Draw each cell's histograms into its unit square, all of one class as one artist."""
    from matplotlib.collections import LineCollection, PolyCollection

    for colour, class_name in ((REAL, "real"), (FAKE, "fake")):
        areas = [_area(place, shape, class_name, range_of) for place, shape in shapes.items()]
        axes.add_collection(PolyCollection(areas, facecolors=colour, alpha=0.35, linewidths=0))
        outlines = [area[1:-1] for area in areas]
        axes.add_collection(LineCollection(outlines, colors=colour, linewidths=0.6))
    for row, entries in enumerate(matrix.entries):
        for column, entry in enumerate(entries):
            if entry is not None and (row, column) not in shapes:
                axes.text(column, row, "–", ha="center", va="center", color=GREY)
    boxes = {place: _box(place) for place in shapes}
    own = [box for (r, c), box in boxes.items() if _is_own(matrix, r, c)]
    half = _SIZE / 2
    thresholds = [[(column, row - half), (column, row + half)] for row, column in boxes]
    for lines, colour, width in (
        (list(boxes.values()), LIGHT_GREY, 0.5),
        (own, BLACK, 1.2),
        (thresholds, BLACK, 0.5),
    ):
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=width))


def _is_own(matrix: Matrix, row: int, column: int) -> bool:
    entry = matrix.entries[row][column]
    return entry is not None and entry.relation == "trained"


def _box(place: tuple[int, int]) -> Shares:
    """Return the corners of a cell's panel, (5, 2)."""
    row, column = place
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], dtype=np.float64)
    return np.asarray((column, row) + _SIZE * (unit - 0.5), dtype=np.float64)


def _area(
    place: tuple[int, int], shape: ScoreShape, class_name: str, range_of: LogitRange
) -> Shares:
    """Return a class's histogram as a polygon, both classes of a cell on one scale of shares."""
    row, column = place
    real_D = range_of.drawn(shape.histogram_real) / shape.n_real
    fake_D = range_of.drawn(shape.histogram_fake) / shape.n_fake
    share_D = real_D if class_name == "real" else fake_D
    highest = max(real_D.max(), fake_D.max())
    edges = np.repeat(np.arange(range_of.bins + 1) / range_of.bins, 2)
    heights = np.concatenate([[0.0], np.repeat(share_D / highest, 2), [0.0]])
    left, floor = column - _SIZE / 2, row + _SIZE / 2
    return np.column_stack([left + _SIZE * edges, floor - 0.88 * _SIZE * heights])


def _key() -> list[object]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=REAL, alpha=0.5, label="real"),
        Patch(facecolor=FAKE, alpha=0.5, label="fake"),
        Line2D([], [], color=BLACK, linewidth=0.5, label="threshold, logit 0"),
    ]


def _in_words(shapes: Mapping[tuple[int, int], ScoreShape]) -> str:
    missed = sum(2 * each.n_fake_right < each.n_fake for each in shapes.values())
    alarmed = sum(2 * each.n_real_right < each.n_real for each in shapes.values())
    return (
        f"Histograms of the logits of {len(shapes)} cells. In {missed} of them more than half of "
        f"the fakes lie below the threshold, in {alarmed} more than half of the reals above it."
    )


FIGURE = FigureKind(
    title="score histograms of reals and fakes, trained on against tested on",
    needs="scores of a main matrix: `crossgen run` the experiment",
    draw=draw,
    page=60,
)
