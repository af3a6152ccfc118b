"""What is called fake at the threshold: TPR per generator, FPR per collection of reals, apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from analysis.comparing.evidence import Evidence
from analysis.matrices.heads import Column
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix, MatrixEntry, Spread
from analysis.measuring.cell_measures import Counts
from analysis.statistics.proportions import wilson
from analysis.tables.over_seeds import SEEDS_NOTE, spread_cell
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, TableKind
from analysis.tables.written import MISSING
from grid.records.experiments import ExperimentRecord

_CountOf = Callable[[Counts], tuple[int, int]]
"""Of a cell: how many images are called fake, of how many."""


def _make(evidence: Evidence, asked: Asked) -> Iterator[Table]:
    names = _names_of_reals(evidence.experiment)
    for n, matrix in enumerate(main_matrices(evidence.matrices), 1):
        yield _table(matrix, names, f"rates-{n}")


def _names_of_reals(experiment: ExperimentRecord) -> Mapping[str, str]:
    return {
        pool["pool_id"]: f"{pool['dataset']}/{pool['source']}"
        for pool in experiment["pools"]
        if not pool["label"]
    }


def _table(matrix: Matrix, names: Mapping[str, str], name: str) -> Table:
    lines = [("TPR", column.label, n, _fakes) for n, column in enumerate(matrix.columns)] + [
        ("FPR", said, n, _reals) for n, said in _collections(matrix.columns, names)
    ]
    return Table(
        name=name,
        title=f"{matrix.title}: shares called fake at a logit of 0",
        heads=("rate", "images", *(row.label for row in matrix.rows)),
        rows=tuple(
            (
                TableCell(text=rate),
                TableCell(text=said),
                *(_cell(entries[n], count_of) for entries in matrix.entries),
            )
            for rate, said, n, count_of in lines
        ),
        notes=(
            "Columns are training sets. TPR: share of a generator's images called fake; FPR: share "
            "of a collection's real images called fake.",
            f"{SEEDS_NOTE} Over images they are Wilson's.",
        ),
    )


def _collections(
    columns: tuple[Column, ...], names: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Give each collection of reals once, with the first column that is tested with it.

    Which classes count belongs to it: a test set of some classes has fewer of the same reals.
    """
    given = set()
    for n, column in enumerate(columns):
        _, classes, real_pools, _ = column.key
        if (classes, real_pools) in given or not isinstance(real_pools, tuple):
            continue
        given.add((classes, real_pools))
        said = " + ".join(names.get(pool, pool[:8]) for pool in real_pools)
        yield n, said if classes is None else f"{said}, classes of {column.label}"


def _fakes(counts: Counts) -> tuple[int, int]:
    return counts.n_fake_right, counts.n_fake


def _reals(counts: Counts) -> tuple[int, int]:
    return counts.n_real - counts.n_real_right, counts.n_real


def _cell(entry: MatrixEntry | None, count_of: _CountOf) -> TableCell:
    if entry is None:
        return TableCell()
    found = [count_of(cell.measured.counts) for cell in entry.cells if cell.measured]
    counted = [(count, n) for count, n in found if n]
    if not counted:
        return TableCell(text=MISSING)
    of_images = None
    if len(counted) == 1:
        interval = wilson(*counted[0])
        of_images = (interval.low, interval.high)
    return spread_cell(Spread(tuple(count / n for count, n in counted)), of_images=of_images)


TABLE = TableKind(
    title="TPR per generator and FPR per collection of reals, apart, at a logit of 0",
    needs="measured cells",
    make=_make,
)
