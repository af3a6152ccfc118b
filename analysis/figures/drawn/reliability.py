"""Reliability diagrams: the share of fakes among images of one P(fake), before any calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.naming import file_names
from analysis.figures.score_shapes import Numbers, ScoreShape, Shares, shapes_of
from analysis.figures.sides import EXPLAINED, SIDES, of_side
from analysis.figures.style import COLUMN_IN, GREY, head, new_canvas, strokes
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix
from analysis.measuring.image_probabilities import BINS as PROBABILITY_BINS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_IMAGES = 20
"""In a bin that is drawn: the share of fewer is mostly chance."""


@dataclass(frozen=True)
class Calibration:
    """Images, fakes and the sum of P(fake) of each bin, over all cells of a side."""

    images: Numbers
    fakes: Numbers
    probability: Shares

    @property
    def expected_error(self) -> float:
        """The expected calibration error: the mean over images of |share of fakes - P(fake)|."""
        return float(np.abs(self.fakes - self.probability).sum() / self.images.sum())

    def points(self) -> tuple[Shares, Shares]:
        """Return mean P(fake) and share of fakes of each bin that has enough images."""
        kept = self.images >= FEWEST_IMAGES
        images = self.images[kept]
        return self.probability[kept] / images, self.fakes[kept] / images


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a figure of each main matrix whose scores are at hand."""
    found = main_matrices(evidence.matrices)
    names = file_names("reliability", (matrix.title for matrix in found))
    for matrix in found:
        sides = calibrations(matrix, shapes_of(evidence, matrix))
        if sides:
            yield _picture(matrix, sides, names[matrix.title])


def calibrations(
    matrix: Matrix, shapes: Mapping[tuple[int, int], ScoreShape]
) -> dict[str, Calibration]:
    """Return the sums over the cells of each side, trained on and other generators."""
    made = {}
    for title, relations in SIDES.items():
        found = of_side(matrix, shapes, relations)
        if found:
            made[title] = Calibration(
                np.sum([each.bin_images for each in found], 0),
                np.sum([each.bin_fakes for each in found], 0),
                np.sum([each.bin_probability for each in found], 0),
            )
    return made


def _picture(matrix: Matrix, sides: Mapping[str, Calibration], name: str) -> Picture:
    canvas = new_canvas(COLUMN_IN, 3.7)
    axes, below = canvas.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, linestyle=(0, (1, 2)))
    drawn = strokes(sides)
    for title, side in sides.items():
        label = f"{title} (ECE {side.expected_error:.3f})"
        axes.plot(*side.points(), **drawn[title].marked, label=label)
        _images(below, side, drawn[title].color)
    ticks = ([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="share of fakes")
    axes.set_yticks(*ticks)
    below.set_xticks(*ticks)
    below.set(ylim=(0, 1), xlabel="P(fake), as the detector says", ylabel="share\nof images")
    head(canvas, matrix.title)
    canvas.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=1)
    said = "; ".join(
        f"{title}: expected calibration error {side.expected_error:.3f}"
        for title, side in sides.items()
    )
    return Picture(
        name=name,
        caption=f"{matrix.title}: share of fakes against P(fake), in {PROBABILITY_BINS} bins of "
        f"equal width of which those with at least {FEWEST_IMAGES} images are drawn; images of "
        f"all cells of the lowest measured seed. Dotted: perfectly calibrated. {EXPLAINED}",
        alternative=f"Reliability diagram. {said}.",
        canvas=canvas,
    )


def _images(axes: Axes, side: Calibration, colour: str) -> None:
    edges = np.linspace(0, 1, PROBABILITY_BINS + 1)
    axes.stairs(side.images / side.images.sum(), edges, color=colour, linewidth=0.9)


FIGURE = FigureKind(
    title="reliability diagram: how far P(fake) can be taken at its word",
    needs="scores of a main matrix: `crossgen run` the experiment",
    draw=draw,
)
