"""How test generators go together: correlations of a matrix's columns, alike ones side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.matrix_axes import name_slanted
from analysis.figures.naming import file_names
from analysis.figures.sides import OTHERS
from analysis.figures.style import (
    COLUMN_IN,
    GREY,
    PAGE_IN,
    chance_is_white,
    family_colours,
    head,
    ink_on,
    new_canvas,
    shortened,
)
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix
from analysis.measuring.metric_registry import DEFAULT, find_metric

Square = npt.NDArray[np.float64]

FEWEST_ROWS = 4
"""Training sets that two columns must have in common: of three, any two columns look alike."""


@dataclass(frozen=True)
class GeneratorCorrelations:
    """Pearson's r of each two columns, NaN where too little is in common, and their order."""

    r_CC: Square
    order: tuple[int, ...]


def draw(evidence: Evidence, metric: str = DEFAULT) -> Iterator[Picture]:
    """Yield a figure of each main matrix in which columns can be held against each other."""
    found = main_matrices(evidence.matrices)
    names = file_names("correlation", (matrix.title for matrix in found))
    for matrix in found:
        correlations = correlations_of(matrix, metric)
        if correlations is not None:
            yield _picture(matrix, correlations, names[matrix.title], metric)


def correlations_of(matrix: Matrix, metric: str) -> GeneratorCorrelations | None:
    """Correlate columns over rows and seeds; None where no two have enough in common.

    Of each two columns those rows are taken to which both generators are others: a diagonal entry
    is high because it was trained on, which says nothing of what two generators share.
    """
    values_OC = _observations(matrix, metric)
    rows_O = np.repeat(np.arange(len(matrix.rows)), len(values_OC) // max(1, len(matrix.rows)))
    count = len(matrix.columns)
    r_CC = np.full((count, count), np.nan)
    for i, j in np.ndindex(count, count):
        both_O = np.isfinite(values_OC[:, i]) & np.isfinite(values_OC[:, j])
        a, b = values_OC[both_O, i], values_OC[both_O, j]
        if len(set(rows_O[both_O])) >= FEWEST_ROWS and np.ptp(a) > 0 and np.ptp(b) > 0:
            r_CC[i, j] = 1.0 if i == j else np.corrcoef(a, b)[0, 1]
    kept = np.flatnonzero(np.isfinite(r_CC).sum(axis=1) > 1)
    if kept.size < 3:
        return None
    return GeneratorCorrelations(r_CC, tuple(int(kept[n]) for n in _clustered(r_CC[kept][:, kept])))


def _observations(matrix: Matrix, metric: str) -> Square:
    """Return the values of generators that are not trained on, (rows x seeds, columns)."""
    seeds = max((len(e.cells) for e in matrix.all_entries()), default=0)
    values_RSC = np.full((len(matrix.rows), seeds, len(matrix.columns)), np.nan)
    for r, entries in enumerate(matrix.entries):
        for c, entry in enumerate(entries):
            if entry is None or entry.relation not in OTHERS:
                continue
            for s, cell in enumerate(entry.cells):
                value = cell.measured.metrics[metric] if cell.measured is not None else None
                if value is not None:
                    values_RSC[r, s, c] = value
    return values_RSC.reshape(-1, len(matrix.columns))


def _clustered(r_KK: Square) -> npt.NDArray[np.int64]:
    """Return an order in which alike columns are neighbours (average linkage of 1 - r)."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    apart_KK = np.nan_to_num(1 - r_KK, nan=1.0)
    np.fill_diagonal(apart_KK, 0)
    condensed = squareform((apart_KK + apart_KK.T) / 2)
    tree = linkage(np.maximum(condensed, 0), "average", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def _picture(
    matrix: Matrix, correlations: GeneratorCorrelations, name: str, metric: str
) -> Picture:
    order = list(correlations.order)
    r_KK = correlations.r_CC[order][:, order]
    columns = [matrix.columns[n] for n in order]
    side = COLUMN_IN if len(order) < 8 else min(PAGE_IN, 0.9 + 0.32 * len(order))
    canvas = new_canvas(side, 0.88 * side)
    axes = canvas.add_subplot()
    colours = chance_is_white()
    drawn = axes.imshow(r_KK, cmap=colours, vmin=-1, vmax=1)
    for i, j in np.ndindex(r_KK.shape):
        r = r_KK[i, j]
        text = f"{r:.2f}".replace("0.", ".", 1) if np.isfinite(r) else "–"
        ink = ink_on(colours(float(r + 1) / 2)) if np.isfinite(r) else GREY
        axes.text(j, i, text, ha="center", va="center", color=ink, fontsize=5.5)
    labels = [shortened(column.label, 22) for column in columns]
    axes.set_yticks(range(len(labels)), labels)
    name_slanted(axes, labels)
    families = family_colours(column.family for column in matrix.columns)
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        for tick, column in zip(ticks, columns, strict=True):
            tick.set_color(families[column.family])
    head(canvas, matrix.title)
    canvas.colorbar(drawn, ax=axes, shrink=0.6, ticks=[-1, -0.5, 0, 0.5, 1], label="Pearson's r")
    title = find_metric(metric).title
    return Picture(
        name=name,
        caption=f"{matrix.title}: correlation of the {title} on each two test generators over "
        f"training sets and seeds, without those trained on either of the two, of {FEWEST_ROWS} "
        "training sets or more; in the order of an average-linkage clustering. Names have the "
        "colour of their family. Seeds of one training set are not independent, so this describes "
        "and tests nothing.",
        alternative=_in_words(r_KK, [column.label for column in columns], title),
        canvas=canvas,
    )


def _in_words(r_KK: Square, labels: list[str], title: str) -> str:
    apart: Any = np.where(np.eye(len(labels), dtype=bool), np.nan, r_KK)
    most = np.unravel_index(int(np.nanargmax(apart)), apart.shape)
    least = np.unravel_index(int(np.nanargmin(apart)), apart.shape)
    return (
        f"Correlations of {title} between {len(labels)} test generators: highest "
        f"{apart[most]:.2f} ({labels[most[0]]} and {labels[most[1]]}), lowest {apart[least]:.2f} "
        f"({labels[least[0]]} and {labels[least[1]]})."
    )


FIGURE = FigureKind(
    title="which test generators go together (correlation of the matrix's columns)",
    needs=f"a matrix of more than {FEWEST_ROWS} training sets and three test sets",
    draw=draw,
    page=90,
    takes_metric=True,
)
