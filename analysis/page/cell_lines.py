"""Cells of matrices in words, a line per entry: what warnings are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analysis.matrices.matrix import Matrix, MatrixEntry, SeedCell
from analysis.page.sentences import number

# On the generator that a fit was trained on; a number below is never written like its bound.
WORST_AUC = 0.5
LOWEST_ACCURACY = 0.8


def metric_of(cell: SeedCell, name: str) -> float | None:
    """Return a metric of a cell, None where it is undefined, or the cell missing."""
    return None if cell.measured is None else cell.measured.metrics[name]


def entries_in_words(matrices: Sequence[Matrix]) -> Iterator[tuple[Matrix, str, MatrixEntry]]:
    """Give each wanted entry with its matrix, and its row and column in words."""
    for matrix in matrices:
        for row, entries in zip(matrix.rows, matrix.entries, strict=True):
            for column, entry in zip(matrix.columns, entries, strict=True):
                if entry is not None:
                    on = "" if row.label == column.label else f", tested on {column.label}"
                    yield matrix, f"{row.label}{on}", entry


def lines_of_cells(
    matrices: Sequence[Matrix], told: Callable[[SeedCell], bool], *, trained: bool = False
) -> list[str]:
    """Return a line per entry with the cells that something is to be told of, seed by seed.

    Those of trained generators come in the order of their lowest AUC.
    """
    lines = []
    for matrix, on, entry in entries_in_words(matrices):
        if trained and entry.relation != "trained":
            continue
        cells = [cell for cell in entry.cells if told(cell)]
        if cells:
            aucs = [auc for cell in cells if (auc := metric_of(cell, "auc")) is not None]
            line = f"{matrix.title}, {on}: {'; '.join(map(_cell, cells))}"
            lines.append((min(aucs, default=0.0) if trained else 0.0, line))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def of_seed(cell: SeedCell) -> str:
    """Name the seed of a cell, where it has one."""
    return "" if cell.seed is None else f" (seed {cell.seed})"


def _cell(cell: SeedCell) -> str:
    if cell.measured is None:
        return "missing"
    names = "auc", "accuracy", "balanced_accuracy"
    auc, accuracy, balanced = (metric_of(cell, name) for name in names)
    said = f"AUC {_below(auc, WORST_AUC)}, accuracy {_below(accuracy, LOWEST_ACCURACY)}"
    if balanced is not None and accuracy is not None and abs(balanced - accuracy) >= 0.005:
        said += f", balanced accuracy {_below(balanced, LOWEST_ACCURACY)}"
    return said + of_seed(cell)


def _below(value: float | None, bound: float) -> str:
    """Write a number with two digits, or more where it would look like the bound it is below."""
    digits = 2
    while value is not None and value < bound <= round(value, digits) and digits < 6:
        digits += 1
    return number(value, digits)
