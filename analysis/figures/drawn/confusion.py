"""Confusion matrices at logit 0: what reals and fakes are called, by whether trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.naming import file_names
from analysis.figures.sides import EXPLAINED, SIDES
from analysis.figures.style import COLUMN_IN, head, ink_on, new_canvas, white_to_blue
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Counted = list[list[int]]
"""Images, [reals, fakes][called real, called fake]."""


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a figure of each main matrix of which something is measured."""
    found = main_matrices(evidence.matrices)
    names = file_names("confusion", (matrix.title for matrix in found))
    for matrix in found:
        sides = {
            title: counted
            for title, relations in SIDES.items()
            if (counted := images_called(matrix, relations)) is not None
        }
        if sides:
            yield _picture(matrix, sides, names[matrix.title])


def images_called(matrix: Matrix, relations: tuple[str, ...]) -> Counted | None:
    """Return what the images of all cells and seeds of some relations are called; None for none."""
    counts = [
        cell.measured.counts
        for entry in matrix.all_entries()
        if entry.relation in relations
        for cell in entry.cells
        if cell.measured is not None
    ]
    if not counts:
        return None
    real = sum(each.n_real for each in counts)
    fake = sum(each.n_fake for each in counts)
    real_right = sum(each.n_real_right for each in counts)
    fake_right = sum(each.n_fake_right for each in counts)
    return [[real_right, real - real_right], [fake - fake_right, fake_right]]


def _picture(matrix: Matrix, sides: Mapping[str, Counted], name: str) -> Picture:
    canvas = new_canvas(COLUMN_IN, 1.95)
    panels = canvas.subplots(1, len(sides), sharey=True, squeeze=False)[0]
    for axes, (title, counted) in zip(panels, sides.items(), strict=True):
        _panel(axes, counted)
        axes.set_title(title)
    panels[0].set_yticks([0, 1], ["real", "fake"])
    panels[0].set_ylabel("is")
    head(canvas, matrix.title)
    said = "; ".join(
        f"{title}: {_share(counted[0]):.2f} of the reals are called fake, "
        f"{_share(counted[1]):.2f} of the fakes"
        for title, counted in sides.items()
    )
    return Picture(
        name=name,
        caption=f"{matrix.title}: what images are called at a logit of 0, as shares of each class "
        "and in images; images of all cells and seeds together, so one that several fits score "
        f"counts for each. {EXPLAINED}",
        alternative=f"Confusion matrices. {said}.",
        canvas=canvas,
    )


def _share(called: list[int]) -> float:
    return called[1] / sum(called) if sum(called) else float("nan")


def _panel(axes: Axes, counted: Counted) -> None:
    counts = np.array(counted)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full((2, 2), np.nan), where=totals > 0)
    axes.imshow(shares, cmap=white_to_blue(), vmin=0, vmax=1, aspect="auto")
    for place in np.ndindex(2, 2):
        share = shares[place]
        text = f"{100 * share:.1f} %\n{counts[place]:,}" if np.isfinite(share) else "–"
        colour = ink_on(white_to_blue()(share))
        axes.text(place[1], place[0], text, ha="center", va="center", color=colour)
    axes.set_xticks([0, 1], ["real", "fake"])
    axes.set_xlabel("called")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


FIGURE = FigureKind(
    title="confusion matrices at logit 0, trained on and other generators",
    needs="a measured cell: `crossgen run` the experiment",
    draw=draw,
)
