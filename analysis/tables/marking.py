"""Which lines of a column are best, and which are not shown to be worse than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.matrices.relations import Relation
from analysis.measuring.metric_registry import find_metric
from analysis.statistics.corrections import holm
from analysis.statistics.crossed import crossed_t
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.generator_tests import sign_flip
from analysis.statistics.seed_tests import welch_t
from analysis.statistics.two_component import two_component_t
from analysis.tables.table import Mark, TableCell
from grid.records.oracles import ORACLE, is_oracle

ALPHA = 0.05
Place = tuple[str, tuple[object, ...]]
"""Training set and test set."""


@dataclass(frozen=True)
class Contender:
    """A line of a column: the entries that its number is over; None where it may not be best.

    `own` is the test set of the very generator that a training set is of, where there is one.
    """

    entries: Mapping[Place, MatrixEntry] | None
    own: Mapping[str, tuple[object, ...]]

    def of_column(self, key: tuple[object, ...]) -> Contender:
        """Return what it has of one test set."""
        if self.entries is None:
            return self
        return Contender({p: e for p, e in self.entries.items() if p[1] == key}, self.own)


def contender(
    matrix: Matrix, relations: Sequence[Relation] = (), row: str = "", family: str = ""
) -> Contender:
    """Return the entries of a matrix of some relations, of a row, of test sets of a family.

    What is left out stands for all; an oracle is never best.
    """
    if is_oracle({"validate_on": matrix.settings.get("recipe.validate_on")}):
        return Contender(None, {})
    entries = {
        (head.label, column.key): entry
        for head, of_row in zip(matrix.rows, matrix.entries, strict=True)
        for column, entry in zip(matrix.columns, of_row, strict=True)
        if entry is not None
        and (not row or head.label == row)
        and (not family or column.family == family)
    }
    trained = [place for place, entry in entries.items() if entry.relation == "trained"]
    rows = [label for label, _ in trained]
    return Contender(
        {p: e for p, e in entries.items() if not relations or e.relation in relations},
        {label: column for label, column in trained if rows.count(label) == 1},
    )


def mark_column(
    cells: Sequence[TableCell], contenders: Sequence[Contender], metric: str
) -> tuple[list[TableCell], set[str]]:
    """Return a column with its marks, and the tests by which they were made.

    Values are compared as they are, not as they are rounded. Only lines over the same cells, all
    measured with all their seeds, are compared; where two such lines are over other cells, nothing
    is marked. The test is the one that the claim about new generators asks for: crossed t over
    training and test generators, two-component t of one training set, sign-flip of one seed, and
    Welch's t over seeds of a single cell; its p is corrected by Holm over the column.
    """
    if metric.startswith(ORACLE):  # a threshold that was picked on the test images
        return list(cells), set()
    better = find_metric(metric).goodness
    able = [
        n
        for n, (cell, each) in enumerate(zip(cells, contenders, strict=True))
        if cell.value is not None and _is_whole(each, metric)
    ]
    places = [frozenset(contenders[n].entries or {}) for n in able]
    if len(able) < 2 or len(set(places)) > 1:
        return list(cells), set()
    goodness = {n: better(cells[n].value or 0.0) for n in able}
    top = max(goodness.values())
    best = [n for n in able if goodness[n] == top]
    others = [n for n in able if n not in best]
    marks: dict[int, Mark] = dict.fromkeys(best, "best")
    methods: set[str] = set()
    p_values: dict[int, float] = {}
    for n in others:
        effect = _compared(contenders[best[0]], contenders[n], metric)
        if effect is not None and effect.p is not None:
            p_values[n] = effect.p
            methods.add(effect.method)
    for n, p in zip(p_values, holm(list(p_values.values()), len(others)), strict=True):
        if p > ALPHA:
            marks[n] = "not_worse"
    return [replace(cell, mark=marks.get(n, "")) for n, cell in enumerate(cells)], methods


def marks_note(methods: set[str], *, any_marks: bool) -> list[str]:
    """Say by which test lines are marked, or why only the best one is."""
    if methods:
        named = " or ".join(sorted(methods))
        return [f"Compared with the best of the column by {named}, p corrected by Holm (.05)."]
    if any_marks:
        return ["Too few seeds and generators to test differences from the best."]
    return []


def _is_whole(each: Contender, metric: str) -> bool:
    """Say whether every entry is measured with all seeds, as many in each."""
    if not each.entries:
        return False
    counts = set()
    for entry in each.entries.values():
        spread = entry.spread(metric)
        if spread is None or len(spread.values) != len(entry.cells):
            return False
        counts.add(tuple(cell.seed for cell in entry.cells))
    return len(counts) == 1


def _compared(one: Contender, other: Contender, metric: str) -> Effect | None:
    """Test a difference by what there is: None where no test speaks of it."""
    a, b = values_of(one, metric), values_of(other, metric)
    n_rows, n_columns = a.shape[1:]
    try:
        if min(len(a), len(b)) < 2:
            differences = np.nanmean(a.mean(axis=0) - b.mean(axis=0), axis=0)
            return sign_flip(differences) if n_columns > 1 else None
        if n_rows > 1 and n_columns > 1:
            return crossed_t(a, b, own_column=_own_columns(one))
        if n_columns > 1:
            return two_component_t(a[:, 0], b[:, 0])
        if n_rows == 1:
            return welch_t(a[:, 0, 0], b[:, 0, 0])
    except NotTestable:
        pass
    return None


def _own_columns(each: Contender) -> list[int | None]:
    """Return of each row of `values_of` the column of the same generator."""
    rows, columns = _axes(each)
    owns = [each.own.get(row) for row in rows]
    return [columns.index(own) if own in columns else None for own in owns]


def _axes(each: Contender) -> tuple[list[str], list[tuple[object, ...]]]:
    places = each.entries or {}
    return sorted({row for row, _ in places}), sorted({column for _, column in places}, key=str)


def values_of(each: Contender, metric: str) -> npt.NDArray[np.float64]:
    """Return values, seeds x training sets x test sets, nan where an entry is not of them."""
    entries = each.entries or {}
    rows, columns = _axes(each)
    seeds = max(len(entry.cells) for entry in entries.values())
    values = np.full((seeds, len(rows), len(columns)), np.nan)
    for (row, column), entry in entries.items():
        spread = entry.spread(metric)
        if spread is not None:
            values[:, rows.index(row), columns.index(column)] = spread.values
    return values
