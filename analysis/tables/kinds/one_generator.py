"""Many detectors trained on one generator: one table of detectors x test sets per training set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.comparing.evidence import Evidence
from analysis.matrices.heads import Column
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.measuring.metric_registry import find_metric
from analysis.tables.averages import average, average_note, prevalence_note, relation_groups
from analysis.tables.kinds.matrix import SIGNS, SIGNS_NOTE
from analysis.tables.marking import contender, mark_column, marks_note
from analysis.tables.over_seeds import SEEDS_NOTE, entry_cell, spread_cell
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, TableKind


def _make(evidence: Evidence, asked: Asked) -> Iterator[Table]:
    found = main_matrices(evidence.matrices)
    labels = dict.fromkeys(row.label for matrix in found for row in matrix.rows)
    for n, label in enumerate(labels, 1):
        trained = [m for m in found if label in [row.label for row in m.rows]]
        if len(trained) > 1:
            yield _table(label, trained, asked, f"one-generator-{n}")


def _table(label: str, found: Sequence[Matrix], asked: Asked, name: str) -> Table:
    columns = list({column.key: column for m in found for column in m.columns}.values())
    lines = [_entries(matrix, label, columns) for matrix in found]
    every = [entry for line in lines for entry in line if entry is not None]
    groups = relation_groups(every)
    body, methods = [], set[str]()
    for at, column in enumerate(columns):
        cells = [
            entry_cell(e, asked.metric, text=SIGNS.get(e.relation, "") if e else "")
            for e in (line[at] for line in lines)
        ]
        contenders = [contender(matrix, row=label).of_column(column.key) for matrix in found]
        cells, by = mark_column(cells, contenders, asked.metric)
        body.append(cells)
        methods |= by
    for _, wanted in groups:
        cells = [
            spread_cell(average(kept, asked), missing=True) if kept else TableCell()
            for kept in ([e for e in line if e and e.relation in wanted] for line in lines)
        ]
        if asked.average == "macro":
            contenders = [contender(matrix, wanted, label) for matrix in found]
            cells, by = mark_column(cells, contenders, asked.metric)
            methods |= by
        body.append(cells)
    heads = [*(column.label for column in columns), *(f"mean, {head}" for head, _ in groups)]
    return Table(
        name=name,
        title=f"{find_metric(asked.metric).title}, all trained on {label}",
        heads=("detector", *heads),
        rows=tuple(
            (TableCell(text=matrix.title), *(column[n] for column in body))
            for n, matrix in enumerate(found)
        ),
        notes=(
            SIGNS_NOTE,
            average_note(asked),
            *prevalence_note(every, asked.metric),
            SEEDS_NOTE,
            *marks_note(methods, any_marks=any(cell.mark for cells in body for cell in cells)),
        ),
    )


def _entries(matrix: Matrix, label: str, columns: Sequence[Column]) -> list[MatrixEntry | None]:
    [n] = [n for n, row in enumerate(matrix.rows) if row.label == label]
    own = {c.key: e for c, e in zip(matrix.columns, matrix.entries[n], strict=True)}
    return [own.get(column.key) for column in columns]


TABLE = TableKind(
    title="detectors x test sets, one table for each set that several were trained on",
    needs="a training set of several detectors",
    make=_make,
)
