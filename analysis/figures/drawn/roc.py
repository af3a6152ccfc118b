"""ROC curves by family of tested generators, with an inset for low false positive rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.naming import file_names
from analysis.figures.rate_curves import RateCurve, curve_captions, rate_curves
from analysis.figures.score_shapes import FPR_G, shapes_of
from analysis.figures.style import COLUMN_IN, GREY, LIGHT_GREY, head, new_canvas
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TICKS = ([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a figure of each main matrix whose scores are at hand."""
    found = main_matrices(evidence.matrices)
    names = file_names("roc", (matrix.title for matrix in found))
    for matrix in found:
        curves = rate_curves(matrix, shapes_of(evidence, matrix), "tpr_G")
        if curves:
            yield _picture(matrix, curves, names[matrix.title])


def _picture(matrix: Matrix, curves: Mapping[str, RateCurve], name: str) -> Picture:
    canvas = new_canvas(COLUMN_IN, 3.5)
    axes = canvas.add_subplot()
    inset = axes.inset_axes((0.55, 0.1, 0.42, 0.36))
    for panel in (axes, inset):
        _lines(panel, curves)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, linestyle=(0, (1, 2)))
    inset.plot(FPR_G[1:], FPR_G[1:], color=GREY, linewidth=0.6, linestyle=(0, (1, 2)))
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set_xticks(*_TICKS)
    axes.set_yticks(*_TICKS)
    axes.set_xlabel("false positive rate: reals called fake")
    axes.set_ylabel("true positive rate: fakes called fake")
    head(canvas, matrix.title)
    inset.set(xscale="log", xlim=(1e-3, 1), ylim=(0, 1.02))
    inset.set_xticks([0.001, 0.01, 0.1, 1], [".001", ".01", ".1", "1"])
    inset.minorticks_off()
    inset.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    inset.grid(color=LIGHT_GREY, linewidth=0.4)
    canvas.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    at = [int((share >= FPR_G).sum()) - 1 for share in (0.01, 0.05)]
    said = "; ".join(
        f"{title}: true positive rate {curve.mean_G[at[0]]:.2f} at 1 % false positives, "
        f"{curve.mean_G[at[1]]:.2f} at 5 %"
        for title, curve in curves.items()
    )
    return Picture(
        name=name,
        caption=f"{matrix.title}: ROC. {curve_captions(curves)} Inset: the same on a logarithmic "
        "axis, where detectors are used. Dotted: chance.",
        alternative=f"ROC curves. {said}.",
        canvas=canvas,
    )


def _lines(axes: Axes, curves: Mapping[str, RateCurve]) -> None:
    for title, curve in curves.items():
        for each_G in curve.columns:
            axes.plot(FPR_G, each_G, color=curve.colour, linewidth=0.4, alpha=0.6)
        axes.plot(
            FPR_G,
            curve.mean_G,
            color=curve.colour,
            linestyle=curve.dash,
            linewidth=1.5,
            label=title,
        )


FIGURE = FigureKind(
    title="ROC curves by family, with an inset for low false positive rates",
    needs="scores of a main matrix: `crossgen run` the experiment",
    draw=draw,
    page=50,
)
