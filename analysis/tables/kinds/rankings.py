"""Best detector, best training set, hardest generator, each with how sure its rank is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from analysis.comparing.evidence import Evidence
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.matrices.relations import UNSEEN
from analysis.measuring.metric_registry import find_metric
from analysis.statistics.effect import NotTestable
from analysis.statistics.rankings import RankInterval, rank_intervals
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, TableKind
from data.counts import counted
from grid.records.oracles import is_oracle

_Values = list[list[float | None]]
"""A row per unit, a column per what is ranked."""


@dataclass(frozen=True)
class _Ranking:
    """What is ranked over which units; `beside` is a mean that stands beside each rank."""

    name: str
    title: str
    head: str
    unit: str
    names: tuple[str, ...]
    values: _Values
    hardest_first: bool = False
    beside: tuple[tuple[str, tuple[float | None, ...]], ...] = ()
    note: str = ""


def _make(evidence: Evidence, asked: Asked) -> Iterator[Table]:
    found = main_matrices(evidence.matrices)
    for ranking in (
        *_detectors(found, asked.metric),
        *(r for n, matrix in enumerate(found, 1) for r in _of_matrix(matrix, asked.metric, n)),
    ):
        yield _table(ranking, asked.metric)


def _detectors(found: Sequence[Matrix], metric: str) -> Iterator[_Ranking]:
    """Rank detectors over test sets, by their means over the training sets these are new to."""
    able = [
        m for m in found if not is_oracle({"validate_on": m.settings.get("recipe.validate_on")})
    ]
    places = [
        {
            (row.label, column.key): entry
            for row, entries in zip(m.rows, m.entries, strict=True)
            for column, entry in zip(m.columns, entries, strict=True)
            if entry is not None and entry.relation in UNSEEN and _value(entry, metric) is not None
        }
        for m in able
    ]
    if len(able) < 2:
        return
    shared = set.intersection(*(set(each) for each in places))
    columns = sorted({key for _, key in shared}, key=str)
    yield _Ranking(
        name="best-detector",
        title="Best detector on generators that are new to it",
        head="detector",
        unit="test set",
        names=tuple(matrix.title for matrix in able),
        values=[
            [
                _mean([_value(of[place], metric) for place in shared if place[1] == key])
                for of in places
            ]
            for key in columns
        ],
        note=f"Over the {counted(len(shared), 'cell')} that every detector has."
        + (" Oracles are not ranked." if len(able) < len(found) else ""),
    )


def _of_matrix(matrix: Matrix, metric: str, n: int) -> Iterator[_Ranking]:
    """Rank the rows of a matrix over its columns, and its columns over its rows."""
    values = [[_value(entry, metric) for entry in entries] for entries in matrix.entries]
    by_column = [list(each) for each in zip(*values, strict=True)]
    note = (
        "Ranked with the diagonal in, since no test set is new to every training set; the mean "
        "over new generators stands beside it."
    )
    if len(matrix.rows) > 1:
        yield _Ranking(
            name=f"best-training-set-{n}",
            title=f"{matrix.title}: best set to train on",
            head="trained on",
            unit="test set",
            names=tuple(row.label for row in matrix.rows),
            values=by_column,
            beside=(("mean, new", tuple(_new(each, metric) for each in matrix.entries)),),
            note=note,
        )
    if len(matrix.columns) > 1 and len(matrix.rows) > 1:
        columns = list(zip(*matrix.entries, strict=True))
        yield _Ranking(
            name=f"hardest-generator-{n}",
            title=f"{matrix.title}: hardest generator to detect",
            head="tested on",
            unit="training set",
            names=tuple(column.label for column in matrix.columns),
            values=values,
            hardest_first=True,
            beside=(("mean, new", tuple(_new(each, metric) for each in columns)),),
            note=note,
        )


def _table(ranking: _Ranking, metric: str) -> Table:
    of_metric = find_metric(metric)
    known = [[value for value in unit if value is not None] for unit in ranking.values]
    whole = [unit for unit in known if len(unit) == len(ranking.names)]
    heads = (ranking.head, "rank", "95 % interval", "first in", "mean")
    beside = {head: dict(zip(ranking.names, means, strict=True)) for head, means in ranking.beside}
    notes = [ranking.note] if ranking.note else []
    if len(whole) < len(ranking.values):
        left_out = len(ranking.values) - len(whole)
        notes.append(f"{counted(left_out, ranking.unit)} left out: not measured with all of them.")
    higher_first = (of_metric.better == "higher") != ranking.hardest_first
    ranked: tuple[RankInterval, ...] = ()
    try:
        ranked = rank_intervals(whole, ranking.names, higher_is_better=higher_first)
        notes.append(
            f"Ranks of means over {counted(len(whole), ranking.unit)}; intervals and draws by a "
            f"bootstrap of the {ranking.unit}s, so they speak of others like these."
        )
    except NotTestable as refused:
        notes.append(f"No ranks: {refused.why}; {refused.mend}.")
    return Table(
        name=ranking.name,
        title=f"{ranking.title}, by {of_metric.title}",
        heads=(*heads, *beside),
        rows=tuple(
            (
                TableCell(text=each.name),
                TableCell(text=f"{each.rank:g}"),
                TableCell(text=f"{each.low:g} to {each.high:g}"),
                TableCell(text=f"{100 * each.best:.0f} % of draws"),
                TableCell(value=each.mean),
                *(TableCell(value=means[each.name]) for means in beside.values()),
            )
            for each in ranked
        ),
        notes=tuple(notes),
    )


def _value(entry: MatrixEntry | None, metric: str) -> float | None:
    """Return the mean over seeds, where all seeds are measured."""
    spread = entry.spread(metric) if entry is not None and not entry.missing else None
    return None if spread is None else spread.mean


def _new(entries: Sequence[MatrixEntry | None], metric: str) -> float | None:
    return _mean([_value(e, metric) for e in entries if e is not None and e.relation in UNSEEN])


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


TABLE = TableKind(
    title="best detector, best training set, hardest generator, each with an interval of its rank",
    needs="two detectors, or two training and two test sets",
    make=_make,
)
