"""Curves of a matrix's score shapes: one mean per family of tested generators, thin ones of each.

Curves of several training sets are averaged at equal abscissas (Fawcett, 2006, "An introduction to
ROC analysis", vertical averaging): each has a threshold of its own, and pooling their scores would
compare logits of different networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from analysis.figures.score_shapes import ScoreShape, Shares
from analysis.figures.sides import EXPLAINED, OTHERS, OWN, OWN_TITLE
from analysis.figures.style import BLACK, family_colours
from analysis.matrices.matrix import Matrix

_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (5, 1, 1, 1)), (0, (2, 1)))


@dataclass(frozen=True)
class RateCurve:
    """The mean curve of some test sets, `columns` being the mean curve of each."""

    mean_G: Shares
    columns: tuple[Shares, ...]
    colour: str
    dash: Any


def rate_curves(
    matrix: Matrix,
    shapes: Mapping[tuple[int, int], ScoreShape],
    which: Literal["tpr_G", "precision_G"],
) -> dict[str, RateCurve]:
    """Return a curve per family of other generators, and one of the trained ones, by title."""
    families = list(dict.fromkeys(column.family for column in matrix.columns))
    colours = family_colours(families)
    made: dict[str, RateCurve] = {}
    for family, dash in zip(families, _DASHES * len(families), strict=False):
        columns = [
            mean_G
            for c, column in enumerate(matrix.columns)
            if column.family == family
            and (mean_G := _mean_of_column(matrix, shapes, c, OTHERS, which)) is not None
        ]
        if columns:
            title = family or "family unknown"
            made[title] = RateCurve(np.mean(columns, 0), tuple(columns), colours[family], dash)
    own = [
        mean_G
        for c in range(len(matrix.columns))
        if (mean_G := _mean_of_column(matrix, shapes, c, OWN, which)) is not None
    ]
    if own:
        made[OWN_TITLE] = RateCurve(np.mean(own, 0), (), BLACK, (0, (1, 1)))
    return made


def _mean_of_column(
    matrix: Matrix,
    shapes: Mapping[tuple[int, int], ScoreShape],
    column: int,
    relations: tuple[str, ...],
    which: str,
) -> Shares | None:
    """Return the mean over the rows that a column has a relation to; None where there are none."""
    found = [
        getattr(shapes[row, column], which)
        for row in range(len(matrix.rows))
        if (row, column) in shapes
        and (entry := matrix.entries[row][column]) is not None
        and entry.relation in relations
    ]
    return np.asarray(np.mean(found, 0), dtype=np.float64) if found else None


def curve_captions(curves: Mapping[str, RateCurve]) -> str:
    """Say what the lines are."""
    thin = (
        "thin: each test set; " if any(len(curve.columns) > 1 for curve in curves.values()) else ""
    )
    return (
        f"Thick: means over the test sets of a family; {thin}each the mean over training sets at "
        f"equal abscissas, of the lowest measured seed. {EXPLAINED}"
    )
