"""More than two levels of a setting together: the numbers of all of them on the same test sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.comparing.blocks import Values
from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.question import SCOPES, Question
from analysis.measuring.metric_registry import Metric


@dataclass(frozen=True)
class LevelTable:
    """A metric by generator and level, means over seeds and training sets that all levels have."""

    levels: tuple[str, ...]
    generators: tuple[str, ...]
    groups: tuple[str, ...]
    values_GL: Values


def level_table(
    question: Question, metric: Metric, levels: Mapping[str, Sequence[ComparedCell]]
) -> LevelTable | None:
    """Gather the values of all levels; None where they share no whole test set.

    None also where other settings vary too, so that a level is several things.

    Args:
        question: which relations count.
        metric: of the cells.
        levels: the cells of each level, in the order that was asked for.
    """
    if any(len({frozenset(c.settings.items()) for c in cells}) > 1 for cells in levels.values()):
        return None
    allowed = SCOPES[question.on]
    means = {level: _means(cells, metric.name) for level, cells in levels.items()}
    examples = {(cell.train, cell.column.key): cell for cells in levels.values() for cell in cells}
    # What one of the levels has been trained on is new to none of them.
    known = {
        (cell.train, cell.column.key)
        for cells in levels.values()
        for cell in cells
        if cell.relation not in allowed
    }
    shared = [place for place in examples if all(place in each for each in means.values())]
    places = [place for place in shared if place not in known]
    if not places:
        return None
    generators = list(dict.fromkeys(examples[p].test_set["generator"] for p in places))
    group = {
        examples[p].test_set["generator"]: examples[p].test_set["generator_group"] for p in places
    }
    values = [
        [
            np.mean([means[level][p] for p in places if examples[p].test_set["generator"] == name])
            for level in levels
        ]
        for name in generators
    ]
    return LevelTable(
        tuple(levels),
        tuple(generators),
        tuple(group[name] for name in generators),
        np.array(values, np.float64),
    )


def _means(
    cells: Sequence[ComparedCell], metric: str
) -> dict[tuple[str, tuple[object, ...]], float]:
    """Return means over seeds of the entries whose every seed is measured."""
    found: dict[tuple[str, tuple[object, ...]], list[float | None]] = {}
    for cell in cells:
        value = cell.measured.metrics[metric] if cell.measured is not None else None
        found.setdefault((cell.train, cell.column.key), []).append(value)
    return {
        place: float(np.mean([v for v in values if v is not None]))
        for place, values in found.items()
        if None not in values
    }
