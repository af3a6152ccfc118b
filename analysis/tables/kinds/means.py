"""The means of every detector over what was trained on, new, near: a line per matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix import Matrix
from analysis.measuring.metric_registry import find_metric
from analysis.tables.averages import average, average_note, prevalence_note, relation_groups
from analysis.tables.marking import contender, mark_column, marks_note
from analysis.tables.over_seeds import SEEDS_NOTE, spread_cell
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, TableKind


def _make(evidence: Evidence, asked: Asked) -> Iterator[Table]:
    """Give a table per degradation: of other images nothing is compared."""
    degradations = dict.fromkeys(m.settings["degradation"] for m in evidence.matrices)
    for n, degradation in enumerate(degradations, 1):
        found = [m for m in evidence.matrices if m.settings["degradation"] == degradation]
        said = "" if degradation == "none" else f", images degraded by {degradation}"
        yield from _table(found, asked, "means" if n == 1 else f"means-{n}", said)


def _table(found: Sequence[Matrix], asked: Asked, name: str, said: str) -> Iterator[Table]:
    every = [entry for matrix in found for entry in matrix.all_entries()]
    groups = relation_groups(every)
    if not groups:
        return
    columns, methods, marked = [], set[str](), False
    for _, wanted in groups:
        cells = [
            spread_cell(average(kept, asked), missing=True) if kept else TableCell()
            for kept in (
                [e for e in matrix.all_entries() if e.relation in wanted] for matrix in found
            )
        ]
        if asked.average == "macro":  # the tests are of macro means
            contenders = [contender(matrix, wanted) for matrix in found]
            cells, by = mark_column(cells, contenders, asked.metric)
            methods |= by
            marked = marked or any(cell.mark for cell in cells)
        columns.append(cells)
    yield Table(
        name=name,
        title=f"{find_metric(asked.metric).title} of each detector, means over its train x test "
        f"matrix{said}",
        heads=("detector", "seeds", *(f"mean, {head}" for head, _ in groups)),
        rows=tuple(
            (
                TableCell(text=matrix.title),
                TableCell(text=f"{len(matrix.measured_seeds)} of {len(matrix.seeds)}"),
                *(column[n] for column in columns),
            )
            for n, matrix in enumerate(found)
        ),
        notes=(
            average_note(asked),
            *prevalence_note(every, asked.metric),
            SEEDS_NOTE,
            *marks_note(methods, any_marks=marked),
        ),
    )


TABLE = TableKind(
    title="means of each detector over trained, new and near generators, and by family",
    needs="measured cells",
    make=_make,
)
