"""The train x test matrix of each detector, its means apart: what was seen, what was new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.comparing.evidence import Evidence
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.matrices.relations import Relation
from analysis.measuring.metric_registry import find_metric
from analysis.tables.averages import (
    ALL_IN,
    ALL_OUT,
    NEW,
    average,
    average_note,
    prevalence_note,
    relation_groups,
)
from analysis.tables.over_seeds import SEEDS_NOTE, entry_cell, spread_cell
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, TableKind

SIGNS: Mapping[Relation, str] = {
    "trained": "†",
    "before": "‡",
    "classes": "‡",
    "related": "‡",
}
SIGNS_NOTE = (
    "† trained on this generator (the diagonal); ‡ on a near copy of it, on other classes of it, "
    "or before, by a fit that it began from. None of these is new to the detector."
)


def _make(evidence: Evidence, asked: Asked) -> Iterator[Table]:
    for n, matrix in enumerate(main_matrices(evidence.matrices), 1):
        yield _table(matrix, asked, f"matrix-{n}")


def _table(matrix: Matrix, asked: Asked, name: str) -> Table:
    every = list(matrix.all_entries())
    groups = relation_groups(every)
    rows = [
        (
            TableCell(text=row.label),
            *(entry_cell(e, asked.metric, text=_sign(e)) for e in entries),
            *(_mean(entries, wanted, asked) for _, wanted in groups),
        )
        for row, entries in zip(matrix.rows, matrix.entries, strict=True)
    ]
    if len(matrix.rows) > 1:
        rows += [
            _mean_row(matrix, groups, head, wanted, asked)
            for head, wanted in groups
            if head in (NEW, ALL_IN, ALL_OUT)
        ]
    return Table(
        name=name,
        title=f"{matrix.title}: {find_metric(asked.metric).title}, trained on (rows) x tested on "
        "(columns)",
        heads=(
            "trained on",
            *(column.label for column in matrix.columns),
            *(f"mean, {head}" for head, _ in groups),
        ),
        rows=tuple(rows),
        notes=(SIGNS_NOTE, average_note(asked), *prevalence_note(every, asked.metric), SEEDS_NOTE),
    )


def _mean_row(
    matrix: Matrix,
    groups: list[tuple[str, tuple[Relation, ...]]],
    head: str,
    wanted: tuple[Relation, ...],
    asked: Asked,
) -> tuple[TableCell, ...]:
    """Return the means of the columns over rows of some relations, and of all such cells."""
    columns = [[row[n] for row in matrix.entries] for n in range(len(matrix.columns))]
    every = list(matrix.all_entries())
    return (
        TableCell(text=f"mean, {head}"),
        *(_mean(column, wanted, asked) for column in columns),
        *(
            _mean(every, wanted, asked) if of_group == head else TableCell()
            for of_group, _ in groups
        ),
    )


def _mean(
    entries: list[MatrixEntry | None] | tuple[MatrixEntry | None, ...] | list[MatrixEntry],
    wanted: tuple[Relation, ...],
    asked: Asked,
) -> TableCell:
    kept = [e for e in entries if e is not None and e.relation in wanted]
    return spread_cell(average(kept, asked), missing=True) if kept else TableCell()


def _sign(entry: MatrixEntry | None) -> str:
    return SIGNS.get(entry.relation, "") if entry is not None else ""


TABLE = TableKind(
    title=f"trained on (rows) x tested on (columns), means of each apart, {ALL_IN} and out",
    needs="measured cells",
    make=_make,
)
