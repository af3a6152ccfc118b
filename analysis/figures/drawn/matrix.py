"""Heat maps of the train x test matrices: mean and spread, trained cells boxed, family blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.matrix_axes import matrix_width_in, name_cells
from analysis.figures.naming import file_names
from analysis.figures.style import (
    BLACK,
    FONT_POINTS,
    GREY,
    LIGHT_GREY,
    chance_is_white,
    head,
    ink_on,
    new_canvas,
    shortened,
)
from analysis.matrices.heads import blocks
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.measuring.metric_registry import DEFAULT, find_metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SEEN_OTHERWISE = ("before", "classes", "related")


def draw(evidence: Evidence, metric: str = DEFAULT) -> Iterator[Picture]:
    """Yield a heat map of each main matrix of which something is measured."""
    found = [m for m in main_matrices(evidence.matrices) if m.mean(metric) is not None]
    names = file_names("matrix", (matrix.title for matrix in found))
    for matrix in found:
        yield _picture(matrix, names[matrix.title], metric)


def _picture(matrix: Matrix, name: str, metric: str) -> Picture:
    means = mean_RC(matrix, metric)
    width = matrix_width_in(matrix)
    per_cell = (width - 1.3) / (len(matrix.columns) + 1.4)
    height = 1.25 + min(0.42, max(0.3, per_cell)) * len(matrix.rows)
    canvas = new_canvas(width, height)
    axes = canvas.add_subplot()
    colours = axes.imshow(means, cmap=chance_is_white(), vmin=0, vmax=1, aspect="auto")
    for row, entries in enumerate(matrix.entries):
        for column, entry in enumerate(entries):
            _cell(axes, row, column, entry, metric)
    _means_of_rows(axes, matrix, metric)
    name_cells(axes, matrix)
    axes.set_xlim(-0.5, len(matrix.columns) + 0.6)
    _family_blocks(axes, matrix)
    title = find_metric(metric).title
    head(canvas, matrix.title)
    bar = canvas.colorbar(colours, ax=axes, location="bottom", shrink=0.5, aspect=40, pad=0.03)
    bar.set_label(f"{title[0].upper()}{title[1:]}; white is .5", fontsize=FONT_POINTS - 1)
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0", ".25", ".5", ".75", "1"])
    return Picture(
        name=name,
        caption=f"{matrix.title}: {title}, trained on (rows) against tested on (columns); "
        f"{_of_seeds(matrix)}. Boxed: trained on this generator; dashed box: on a near copy, other "
        "classes of it, or before. Right: means over the generators that are new to a row.",
        alternative=_in_words(matrix, means, title),
        canvas=canvas,
    )


def mean_RC(matrix: Matrix, metric: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return means over seeds, (rows, columns); NaN where nothing is measured or defined."""
    return np.array(
        [
            [np.nan if e is None or (s := e.spread(metric)) is None else s.mean for e in entries]
            for entries in matrix.entries
        ],
        dtype=np.float64,
    )


def _cell(axes: Axes, row: int, column: int, entry: MatrixEntry | None, metric: str) -> None:
    from matplotlib.patches import Rectangle

    if entry is None:
        return
    spread = entry.spread(metric)
    box: dict[str, Any] = {"fill": False, "linewidth": 0, "edgecolor": BLACK}
    if entry.relation == "trained":
        box["linewidth"] = 1.4
    elif entry.relation in _SEEN_OTHERWISE:
        box.update(linewidth=0.9, linestyle=(0, (2, 1.5)))
    if spread is None:
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="////", color=LIGHT_GREY)
        )
    else:
        shade = ink_on(chance_is_white()(spread.mean))
        below = _uncertainty(entry, metric)
        lift = 0.14 if below else 0.0
        axes.text(column, row - lift, short(spread.mean), ha="center", va="center", color=shade)
        axes.text(column, row + 0.24, below, ha="center", va="center", color=shade, fontsize=4.5)
    if box["linewidth"]:
        axes.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, zorder=3, **box))


def short(share: float) -> str:
    """Write a share of 1 with two digits and without its leading zero."""
    return f"{share:.2f}".replace("0.", ".", 1) if abs(share) < 1 else f"{share:.2f}"


def _uncertainty(entry: MatrixEntry, metric: str) -> str:
    """Return the standard deviation over seeds; of one seed the interval of its images."""
    spread = entry.spread(metric)
    if spread is not None and spread.sd is not None:
        return f"±{short(spread.sd)}"
    [cell] = [c for c in entry.cells if c.measured and c.measured.metrics[metric] is not None]
    interval = cell.measured.intervals.get(metric) if cell.measured else None
    return f"{short(interval[0])}–{short(interval[1])}" if interval else ""


def _means_of_rows(axes: Axes, matrix: Matrix, metric: str) -> None:
    place = len(matrix.columns) + 0.1
    axes.text(place, -0.62, "mean,\nnew", ha="center", va="bottom", color=GREY, fontsize=5.5)
    for row in range(len(matrix.rows)):
        mean = matrix.row_mean(row, metric)
        text = "–" if mean is None else short(mean)
        axes.text(place, row, text, ha="center", va="center", color=GREY)


def _family_blocks(axes: Axes, matrix: Matrix) -> None:
    """Draw lines between families, and their names above the columns."""
    right, bottom = len(matrix.columns) - 0.5, len(matrix.rows) - 0.5
    line: dict[str, Any] = {"color": "white", "linewidth": 2.5, "zorder": 2}
    start = 0
    for family, length in blocks([column.family for column in matrix.columns]):
        middle = start + (length - 1) / 2
        size = 5.5 if length == 1 else FONT_POINTS
        name = shortened(family, 5 * length + 3)
        axes.text(middle, -0.62, name, ha="center", va="bottom", color=GREY, fontsize=size)
        start += length
        if start < len(matrix.columns):
            axes.plot([start - 0.5] * 2, [-0.5, bottom], **line)
    start = 0
    for _, length in blocks([row.family for row in matrix.rows]):
        start += length
        if start < len(matrix.rows):
            axes.plot([-0.5, right], [start - 0.5] * 2, **line)


def _of_seeds(matrix: Matrix) -> str:
    count = len(matrix.measured_seeds)
    if count < 2:
        return "one seed, below it the 95 % interval over images"
    return f"means over {count} seeds, ± their standard deviation"


def _in_words(matrix: Matrix, means: np.ndarray[Any, np.dtype[np.float64]], title: str) -> str:
    def mean_of(relations: Sequence[Any]) -> str:
        own = [
            means[r, c]
            for r, entries in enumerate(matrix.entries)
            for c, entry in enumerate(entries)
            if entry is not None and entry.relation in relations
        ]
        return short(float(np.nanmean(own))) if np.isfinite(own).any() else "not measured"

    worst = np.unravel_index(int(np.nanargmin(means)), means.shape)
    lowest = f"{matrix.rows[worst[0]].label} on {matrix.columns[worst[1]].label}"
    return (
        f"Heat map of {title}, {len(matrix.rows)} training sets by {len(matrix.columns)} test "
        f"sets: mean {mean_of(['trained'])} where trained on the generator, "
        f"{mean_of(['family', 'other', 'family_unknown'])} on new ones; lowest "
        f"{short(float(means[worst]))}, {lowest}."
    )


FIGURE = FigureKind(
    title="train x test matrix",
    needs="a measured cell: `crossgen run` the experiment",
    draw=draw,
    takes_metric=True,
)
