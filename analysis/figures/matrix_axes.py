"""Axes that look like a matrix: training sets downwards, test sets to the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.style import COLUMN_IN, PAGE_IN, shortened
from analysis.matrices.matrix import Matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_IN_ONE_COLUMN = 6
"""Test sets; more are drawn over both columns of a paper."""


def matrix_width_in(matrix: Matrix) -> float:
    """Return how wide a figure of a matrix is, in inches."""
    return COLUMN_IN if len(matrix.columns) <= MOST_IN_ONE_COLUMN else PAGE_IN


def name_cells(axes: Axes, matrix: Matrix) -> None:
    """Name rows and columns, whose cells have their middles at whole numbers, and hide the frame.

    Long names are shortened and stand at a slant.
    """
    columns = [shortened(column.label, 22) for column in matrix.columns]
    name_slanted(axes, columns)
    axes.set_yticks(range(len(matrix.rows)), [shortened(row.label) for row in matrix.rows])
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(matrix.rows) - 0.5, -0.5))
    axes.set_xlabel("tested on")
    axes.set_ylabel("trained on")


def name_slanted(axes: Axes, names: Sequence[str]) -> None:
    """Name columns at whole numbers, at a slant where there is no room; hide ticks and frame."""
    is_slanted = len(names) > 4 or max(map(len, names), default=0) > 8
    axes.set_xticks(range(len(names)), names, rotation=40 if is_slanted else 0)
    if is_slanted:
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
