"""What a setting does, by family: one axis of the experiment (rows) x families (columns)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.matrices.relations import UNSEEN, Relation
from analysis.measuring.metric_registry import find_metric
from analysis.tables.averages import ALL_IN, average, average_note, prevalence_note
from analysis.tables.marking import contender, mark_column, marks_note
from analysis.tables.over_seeds import SEEDS_NOTE, spread_cell
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, TableKind

_Group = tuple[str, tuple[Relation, ...], str]
"""Head, relations (none named: all), family ("" for all)."""


_OF_TEST_IMAGES = ("degradation", "equalise", "test input")
_ORACLE_NOTE = (
    "A value that is best on test images was not chosen before seeing them: chosen by this table "
    "it is an oracle."
)


def _make(evidence: Evidence, asked: Asked) -> Iterator[Table]:
    axes = dict.fromkeys(name for matrix in evidence.matrices for name in matrix.settings)
    for axis in axes:
        for n, swept in enumerate(_swept(axis, evidence.matrices), 1):
            yield _table(axis, swept, asked, f"sweep-{axis}-{n}")


def _swept(axis: str, found: Sequence[Matrix]) -> list[list[Matrix]]:
    """Group matrices that differ in one setting alone, by the values of that in their order."""
    groups: dict[tuple[tuple[str, str], ...], list[Matrix]] = {}
    for matrix in found:
        if axis in matrix.settings:
            others = tuple(item for item in matrix.settings.items() if item[0] != axis)
            groups.setdefault(others, []).append(matrix)
    return [
        sorted(alike, key=lambda m: _order(m.settings[axis]))
        for alike in groups.values()
        if len(alike) > 1
    ]


def _order(value: str) -> tuple[int, float, str]:
    """Numbers by their size; words, such as `none`, before them as they are written."""
    try:
        return (1, float(value), "")
    except ValueError:
        return (0, 0.0, "" if value == "none" else value)


def _table(axis: str, swept: Sequence[Matrix], asked: Asked, name: str) -> Table:
    groups = _groups(swept)
    every = [entry for matrix in swept for entry in matrix.all_entries()]
    body, methods = [], set[str]()
    for _, relations, family in groups:
        cells = [_mean(matrix, relations, family, asked) for matrix in swept]
        if asked.average == "macro":
            contenders = [contender(m, relations, family=family) for m in swept]
            cells, by = mark_column(cells, contenders, asked.metric)
            methods |= by
        body.append(cells)
    shared = [part for part in swept[0].title.split(", ") if _is_shared(part, swept)]
    return Table(
        name=name,
        title=f"{', '.join(shared)}: {find_metric(asked.metric).title} by {axis}",
        heads=(axis, *(head for head, _, _ in groups)),
        rows=tuple(
            (TableCell(text=matrix.settings[axis]), *(column[n] for column in body))
            for n, matrix in enumerate(swept)
        ),
        notes=(
            "Columns of families are of generators that are new to the detector.",
            average_note(asked),
            *prevalence_note(every, asked.metric),
            SEEDS_NOTE,
            *marks_note(methods, any_marks=any(cell.mark for cells in body for cell in cells)),
            *(() if axis in _OF_TEST_IMAGES else (_ORACLE_NOTE,)),
        ),
    )


def _is_shared(part: str, swept: Sequence[Matrix]) -> bool:
    return all(part in matrix.title.split(", ") for matrix in swept)


def _groups(swept: Sequence[Matrix]) -> list[_Group]:
    """Return the columns: trained generators, each family of new ones, new ones, all."""
    relations = {entry.relation for matrix in swept for entry in matrix.all_entries()}
    families = dict.fromkeys(
        column.family
        for matrix in swept
        for row in matrix.entries
        for column, entry in zip(matrix.columns, row, strict=True)
        if entry is not None and entry.relation in UNSEEN
    )
    found: list[_Group] = [("trained", ("trained",), "")] if "trained" in relations else []
    if len(families) > 1:
        found += [(f"new, {family}", UNSEEN, family) for family in families]
    if families:
        found.append(("mean, new", UNSEEN, ""))
    return [*found, (f"mean, {ALL_IN}", (), "")]


def _mean(matrix: Matrix, relations: tuple[Relation, ...], family: str, asked: Asked) -> TableCell:
    kept: list[MatrixEntry] = [
        entry
        for row in matrix.entries
        for column, entry in zip(matrix.columns, row, strict=True)
        if entry is not None
        and (not relations or entry.relation in relations)
        and (not family or column.family == family)
    ]
    return spread_cell(average(kept, asked), missing=True) if kept else TableCell()


TABLE = TableKind(
    title="what each setting that the experiment varies does, by family of new generators",
    needs="a setting, an augmentation or a degradation with several values",
    make=_make,
)
