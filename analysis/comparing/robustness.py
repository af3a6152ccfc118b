"""What a degradation takes from a detector: its metrics beside those of undegraded images.

The same trained files are tested on the same images twice, so the seeds are pairs: a drop has an
interval over seeds, by the paired t. It speaks of this training procedure on these generators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from analysis.matrices.matrix import Matrix, MatrixEntry, Spread
from analysis.matrices.relations import UNSEEN, Relation
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.seed_tests import paired_t

UNDEGRADED = "none"
# What a mean is over, in words; one is told where it has entries, the last where no other has.
SCOPES: tuple[tuple[str, tuple[Relation, ...]], ...] = (
    ("trained generators", ("trained",)),
    ("other generators", UNSEEN),
    ("all generators", ()),
)


@dataclass(frozen=True, kw_only=True)
class Degraded:
    """One detector under one degradation, by one metric, over the entries of one scope.

    `spread` has a mean per seed over `entries` (each counts once), and `undegraded` the same of
    the same entries without the degradation. `drop` is undegraded minus degraded with its interval
    over seeds; None where one seed, or none, says nothing of it. `left_out` counts entries of which
    some seed is missing on either side.
    """

    detector: str
    degradation: str
    metric: str
    scope: str
    spread: Spread
    undegraded: Spread
    drop: Effect | None
    entries: int
    left_out: int

    @property
    def dropped_by(self) -> float:
        """Undegraded minus degraded mean, in the metric's unit."""
        return self.undegraded.mean - self.spread.mean


def robustness(matrices: Sequence[Matrix], metrics: Sequence[str]) -> list[Degraded]:
    """Return what each degradation does to each detector, in the order of the matrices.

    Args:
        matrices: of an experiment.
        metrics: names of those to be told.
    """
    plain = {_but_degradation(m): m for m in matrices if m.settings["degradation"] == UNDEGRADED}
    found = []
    for matrix in matrices:
        beside = plain.get(_but_degradation(matrix))
        if beside is not None and beside is not matrix:
            for metric in metrics:
                found += list(_by_scope(matrix, beside, metric))
    return found


def _but_degradation(matrix: Matrix) -> tuple[tuple[str, str], ...]:
    return tuple((k, v) for k, v in matrix.settings.items() if k != "degradation")


def _by_scope(matrix: Matrix, beside: Matrix, metric: str) -> Iterator[Degraded]:
    plain = dict(_entries(beside))
    pairs = [(entry, plain[key]) for key, entry in _entries(matrix) if key in plain]
    told = 0
    for scope, relations in SCOPES:
        if not relations and told:
            return
        own = [pair for pair in pairs if not relations or pair[0].relation in relations]
        kept = [pair for pair in own if all(_is_whole(entry, metric) for entry in pair)]
        by_seeds: dict[tuple[int | None, ...], list[tuple[MatrixEntry, MatrixEntry]]] = {}
        for pair in kept:
            by_seeds.setdefault(tuple(cell.seed for cell in pair[0].cells), []).append(pair)
        if not by_seeds:
            continue
        most = max(by_seeds.values(), key=len)  # entries of other seeds do not make means per seed
        told += 1
        degraded, undegraded = (
            Spread(tuple(map(fmean, zip(*(_values(p[side], metric) for p in most), strict=True))))
            for side in (0, 1)
        )
        yield Degraded(
            detector=_title(beside),
            degradation=matrix.settings["degradation"],
            metric=metric,
            scope=scope,
            spread=degraded,
            undegraded=undegraded,
            drop=_drop(undegraded, degraded),
            entries=len(most),
            left_out=len(own) - len(most),
        )


def _entries(matrix: Matrix) -> Iterator[tuple[tuple[str, tuple[object, ...]], MatrixEntry]]:
    for row, entries in zip(matrix.rows, matrix.entries, strict=True):
        for column, entry in zip(matrix.columns, entries, strict=True):
            if entry is not None:
                yield (row.label, column.key), entry


def _is_whole(entry: MatrixEntry, metric: str) -> bool:
    return len(_values(entry, metric)) == len(entry.cells)


def _values(entry: MatrixEntry, metric: str) -> tuple[float, ...]:
    spread = entry.spread(metric)
    return spread.values if spread is not None else ()


def _drop(undegraded: Spread, degraded: Spread) -> Effect | None:
    try:
        return paired_t(undegraded.values, degraded.values)
    except NotTestable:
        return None


def _title(undegraded: Matrix) -> str:
    return undegraded.title.removesuffix(", undegraded").replace(", undegraded,", ",")
