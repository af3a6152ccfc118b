"""Training sets of the same generators in several sizes, as levels of a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.figures.levels import CellKey, FamilyEntry, Ladder, Level
from analysis.matrices.matrix import Matrix
from grid.records.experiments import FitRecord

AXIS = "training images"


def training_sizes(
    found: Sequence[Matrix], fits: Mapping[str, FitRecord], fewest: int = 3
) -> list[Ladder]:
    """Return the ladders of rows that differ in how many images of the same generators they have.

    Args:
        found: matrices.
        fits: by id.
        fewest: levels of a ladder.
    """
    made = []
    for matrix in found:
        rows: dict[tuple[str, ...], dict[int, dict[CellKey, FamilyEntry]]] = {}
        for entries in matrix.entries:
            for column, entry in zip(matrix.columns, entries, strict=True):
                train = fits[entry.cells[0].fit_id]["train"] if entry is not None else None
                if entry is None or train is None:
                    continue
                generators = tuple(train["generators"])
                level = rows.setdefault(generators, {}).setdefault(train["n"], {})
                level[generators, column.key] = FamilyEntry(entry, column.family)
        for generators, levels in rows.items():
            if len(levels) >= fewest:
                steps = tuple(Level(n, f"{n:,}", levels[n]) for n in sorted(levels))
                made.append(Ladder(AXIS, f"{matrix.title}, on {'+'.join(generators)}", steps))
    return made
