"""Precision-recall curves by family of tested generators; fake is the positive class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.naming import file_names
from analysis.figures.rate_curves import RateCurve, curve_captions, rate_curves
from analysis.figures.score_shapes import RECALL_G, shapes_of
from analysis.figures.style import COLUMN_IN, GREY, head, new_canvas
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix

_TICKS = ([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a figure of each main matrix whose scores are at hand."""
    found = main_matrices(evidence.matrices)
    names = file_names("precision-recall", (matrix.title for matrix in found))
    for matrix in found:
        shapes = shapes_of(evidence, matrix)
        curves = rate_curves(matrix, shapes, "precision_G")
        if curves:
            shares = [each.n_fake / (each.n_real + each.n_fake) for each in shapes.values()]
            yield _picture(matrix, curves, (min(shares), max(shares)), names[matrix.title])


def _picture(
    matrix: Matrix, curves: Mapping[str, RateCurve], share: tuple[float, float], name: str
) -> Picture:
    canvas = new_canvas(COLUMN_IN, 3.4)
    axes = canvas.add_subplot()
    for title, curve in curves.items():
        for each_G in curve.columns:
            axes.plot(RECALL_G, each_G, color=curve.colour, linewidth=0.4, alpha=0.6)
        axes.plot(
            RECALL_G,
            curve.mean_G,
            color=curve.colour,
            linestyle=curve.dash,
            linewidth=1.5,
            label=title,
        )
    axes.axhspan(share[0] - 0.002, share[1] + 0.002, color=GREY, alpha=0.4, linewidth=0)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal")
    axes.set_xticks(*_TICKS)
    axes.set_yticks(*_TICKS)
    axes.set_xlabel("recall: share of the fakes found")
    axes.set_ylabel("precision: share of fakes among those called fake")
    head(canvas, matrix.title)
    canvas.legend(loc="outside lower center", ncols=3)
    half = int(np.argmin(np.abs(RECALL_G - 0.5)))
    said = "; ".join(
        f"{title}: precision {curve.mean_G[half]:.2f} at recall .5, {curve.mean_G[-1]:.2f} at 1"
        for title, curve in curves.items()
    )
    return Picture(
        name=name,
        caption=f"{matrix.title}: precision and recall of fakes. {curve_captions(curves)} Grey: "
        f"chance, the share of fakes, {_range(share)}; the curves move with it.",
        alternative=f"Precision-recall curves. {said}.",
        canvas=canvas,
    )


def _range(share: tuple[float, float]) -> str:
    low, high = (f"{each:.2f}" for each in share)
    return low if low == high else f"{low} to {high}"


FIGURE = FigureKind(
    title="precision-recall curves by family",
    needs="scores of a main matrix: `crossgen run` the experiment",
    draw=draw,
)
