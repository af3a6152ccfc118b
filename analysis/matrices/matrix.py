"""The train x test matrix: one per detector and option, as a small result that is computed once.

Rows are training sets, columns are test sets, an entry is the mean over the seeds' fits with
their spread. Families stand together, so that what crosses over and what does not shows as blocks.
Tables and sentences are renderings of it and never compute. `matrix_making` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from analysis.matrices.heads import Column, Row
from analysis.matrices.relations import UNSEEN, Relation
from analysis.matrices.training_facts import TrainingFacts
from analysis.measuring.cell_measures import Measured
from grid.records.pieces import Piece


@dataclass(frozen=True)
class Spread:
    """A metric over seeds: mean, sample standard deviation (None for one), and the values."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean, in the metric's own unit."""
        return fmean(self.values)

    @property
    def sd(self) -> float | None:
        """The sample standard deviation (n - 1), None where there is one value."""
        return stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True)
class SeedCell:
    """One fit's cell: an entry before seeds are put together; `measured` None while missing.

    `unused` are the pieces of a cell that is missing though all its scores are in the store.
    """

    fit_id: str
    seed: int | None
    measured: Measured | None
    unused: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class MatrixEntry:
    """One training set on one test set: the cells of its fits, in the order of their seeds."""

    relation: Relation
    cells: tuple[SeedCell, ...]

    def spread(self, metric: str) -> Spread | None:
        """Return a metric over seeds; None where no seed has it: missing, or undefined."""
        found = (cell.measured.metrics[metric] for cell in self.cells if cell.measured)
        values = tuple(value for value in found if value is not None)
        return Spread(values) if values else None

    def interval(self, metric: str) -> tuple[float, float] | None:
        """Return the 95 % interval of a metric of one fit: what these images leave open.

        None where several fits are measured, whose spread says more, or none is, or the metric has
        no interval. It says nothing of another training of the same procedure.
        """
        found = [cell.measured for cell in self.cells if cell.measured]
        return found[0].intervals.get(metric) if len(found) == 1 else None

    @property
    def missing(self) -> int:
        """How many of its fits are not measured yet."""
        return sum(cell.measured is None for cell in self.cells)

    def count(self, name: str) -> str:
        """Return n_real, n_fake, n_seen or n_null: a number, or a range where fits differ."""
        found = sorted({getattr(c.measured.counts, name) for c in self.cells if c.measured})
        return "-".join(str(n) for n in (found[0], found[-1])[: len(found)]) if found else ""


@dataclass(frozen=True)
class Matrix:
    """One detector with its options, degradation and epoch; `entries[row][column]`.

    An entry is None where the experiment does not ask for it.
    """

    title: str
    settings: dict[str, str]
    facts: TrainingFacts
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    entries: tuple[tuple[MatrixEntry | None, ...], ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its fits, measured or not; given weights have none."""
        cells = (cell for entry in self.all_entries() for cell in entry.cells)
        return tuple(sorted({cell.seed for cell in cells if cell.seed is not None}))

    @property
    def measured_seeds(self) -> tuple[int, ...]:
        """The seeds of which something is measured."""
        cells = (cell for entry in self.all_entries() for cell in entry.cells if cell.measured)
        return tuple(sorted({cell.seed for cell in cells if cell.seed is not None}))

    @property
    def is_complete(self) -> bool:
        """Whether every row has every column, and nothing is missing."""
        return not any(e is None or e.missing for row in self.entries for e in row)

    def all_entries(self) -> Iterable[MatrixEntry]:
        """Give the entries that are wanted."""
        return (entry for row in self.entries for entry in row if entry is not None)

    def mean(self, metric: str, relations: Sequence[Relation] = ()) -> Spread | None:
        """Return the mean over entries of some relations (none named: all), and its spread.

        See `mean_over`.
        """
        return mean_over(
            [e for e in self.all_entries() if not relations or e.relation in relations], metric
        )

    def row_mean(self, row: int, metric: str) -> float | None:
        """Return the mean of a row over the generators that are new to it."""
        return _mean_of_strangers(self.entries[row], metric)

    def column_mean(self, column: int, metric: str) -> float | None:
        """Return the mean of a column over the rows that its generator is new to."""
        return _mean_of_strangers([row[column] for row in self.entries], metric)


def mean_over(entries: Sequence[MatrixEntry], metric: str) -> Spread | None:
    """Return the mean of some entries, each counting once (macro), and its spread.

    One value per seed, over the entries, where all seeds have all of them; otherwise the mean
    alone, since seeds with different entries missing do not compare. None where nothing is
    measured.
    """
    spreads = [spread for e in entries if (spread := e.spread(metric)) is not None]
    if not spreads:
        return None
    seeds = {tuple(cell.seed for cell in e.cells) for e in entries}
    whole = len(seeds) == 1 and all(
        (s := e.spread(metric)) is not None and len(s.values) == len(e.cells) for e in entries
    )
    if whole:
        return Spread(tuple(fmean(each) for each in zip(*(s.values for s in spreads), strict=True)))
    return Spread((fmean(s.mean for s in spreads),))


def _mean_of_strangers(entries: Sequence[MatrixEntry | None], metric: str) -> float | None:
    spreads = [e.spread(metric) for e in entries if e is not None and e.relation in UNSEEN]
    found = [spread.mean for spread in spreads if spread is not None]
    return fmean(found) if found else None
