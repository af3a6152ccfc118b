"""Score histograms of reals and fakes, trained on against tested on: shifted thresholds show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.matrix_axes import matrix_width_in, name_cells
from analysis.figures.naming import file_names
from analysis.figures.score_shapes import BINS, LARGEST_LOGIT, ScoreShape, Shares, shapes_of
from analysis.figures.style import (
    BLACK,
    FAKE,
    FONT_POINTS,
    GREY,
    LIGHT_GREY,
    REAL,
    new_canvas,
    shortened,
)
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    _panels(axes, matrix, shapes)
    name_cells(axes, matrix)
    axes.set_title(shortened(matrix.title, 60), fontsize=FONT_POINTS + 1)
    canvas.legend(handles=_key(), loc="outside lower center", ncols=3)
    return Picture(
        name=name,
        caption=f"{matrix.title}: logits of reals and fakes, of the lowest measured seed, trained "
        "on (rows) against tested on (columns); boxed: trained on this generator. Each panel runs "
        f"from -{LARGEST_LOGIT:g} to {LARGEST_LOGIT:g} by arcsinh, which is linear near 0 and "
        "logarithmic beyond; what is further out is in the outermost bins. Each panel has a height "
        "of its own. The line is the threshold, logit 0: two humps that both lie on one side of it "
        "are told apart by AUC and not by accuracy.",
        alternative=_in_words(shapes),
        canvas=canvas,
    )


def _panels(axes: Axes, matrix: Matrix, shapes: Mapping[tuple[int, int], ScoreShape]) -> None:
    """Draw each cell's histograms into its unit square, all of one class as one artist."""
    from matplotlib.collections import LineCollection, PolyCollection

    for colour, class_name in ((REAL, "real"), (FAKE, "fake")):
        areas = [_area(place, shape, class_name) for place, shape in shapes.items()]
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


def _area(place: tuple[int, int], shape: ScoreShape, class_name: str) -> Shares:
    """Return a class's histogram as a polygon, both classes of a cell on one scale of shares."""
    row, column = place
    real_B = shape.histogram_real / shape.n_real
    fake_B = shape.histogram_fake / shape.n_fake
    share_B = real_B if class_name == "real" else fake_B
    highest = max(real_B.max(), fake_B.max())
    edges = np.repeat(np.arange(BINS + 1) / BINS, 2)
    heights = np.concatenate([[0.0], np.repeat(share_B / highest, 2), [0.0]])
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
