"""The train x test matrix: one per detector and option, as a small result that is computed once.

Rows are training sets, columns are test sets, an entry is the mean over the seeds' fits with
their spread. Families stand together, so that what crosses over and what does not shows as blocks.
Tables and sentences are renderings of it (`terminal`, `report`, `sentences`) and never compute.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev
from typing import Literal

from analysis.arms import ArmOfFit, arms_of
from analysis.cells import Measured, measured_cells
from analysis.heads import (
    Column,
    Row,
    column_heads,
    row_head,
    row_name,
    row_place,
    set_key,
    shared_prefix,
)
from analysis.relations import UNSEEN, Relation, relation_of
from analysis.selection import Selection
from analysis.training_facts import TrainingFacts, read_steps, training_facts
from grid.records.experiments import Cell, Experiment, FitRecord, cells_of, resolved_epochs
from grid.records.pieces import Piece

Metric = Literal["auc", "accuracy"]


class AmbiguousSeeds(ValueError):
    """Two fits of one seed in one entry, in three parts: `what`, `why` and `mend`."""

    def __init__(self, one: str, other: str) -> None:
        self.what = f"{one} and {other}"
        self.why = "they have one seed and equal settings, so no mean over seeds can be taken"
        self.mend = "Ask `crossgen diff` in what they differ, and leave one out: --only arm=NAME"
        super().__init__(f"{self.what}: {self.why}. {self.mend}.")


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
class Entry:
    """One training set on one test set: the cells of its fits, in the order of their seeds."""

    relation: Relation
    cells: tuple[SeedCell, ...]

    def spread(self, metric: Metric) -> Spread | None:
        """Return a metric over seeds; None where no seed has it: missing, or undefined."""
        found = (getattr(cell.measured, metric) for cell in self.cells if cell.measured)
        values = tuple(value for value in found if value is not None)
        return Spread(values) if values else None

    @property
    def missing(self) -> int:
        """How many of its fits are not measured yet."""
        return sum(cell.measured is None for cell in self.cells)

    def count(self, name: str) -> str:
        """Return n_real, n_fake, n_seen or n_null: a number, or a range where fits differ."""
        found = sorted({getattr(cell.measured, name) for cell in self.cells if cell.measured})
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
    entries: tuple[tuple[Entry | None, ...], ...]

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

    def all_entries(self) -> Iterable[Entry]:
        """Give the entries that are wanted."""
        return (entry for row in self.entries for entry in row if entry is not None)

    def mean(self, metric: Metric, relations: Sequence[Relation] = ()) -> Spread | None:
        """Return the mean over entries of some relations (none named: all), and its spread.

        The mean is of the entries' means, each counting once (macro). One value per seed, over
        the entries, where all seeds have all of them; otherwise the mean alone, since seeds with
        different entries missing do not compare. None where nothing is measured.
        """
        entries = [e for e in self.all_entries() if not relations or e.relation in relations]
        spreads = [spread for e in entries if (spread := e.spread(metric)) is not None]
        if not spreads:
            return None
        seeds = {tuple(cell.seed for cell in e.cells) for e in entries}
        whole = len(seeds) == 1 and all(
            (s := e.spread(metric)) is not None and len(s.values) == len(e.cells) for e in entries
        )
        if whole:
            return Spread(
                tuple(fmean(each) for each in zip(*(s.values for s in spreads), strict=True))
            )
        return Spread((fmean(s.mean for s in spreads),))

    def row_mean(self, row: int, metric: Metric) -> float | None:
        """Return the mean of a row over the generators that are new to it."""
        return _mean_of_strangers(self.entries[row], metric)

    def column_mean(self, column: int, metric: Metric) -> float | None:
        """Return the mean of a column over the rows that its generator is new to."""
        return _mean_of_strangers([row[column] for row in self.entries], metric)


def matrices(selection: Selection, experiment: Experiment) -> list[Matrix]:
    """Return an experiment's matrices, in its file's order; what is missing is in them as such.

    Args:
        selection: of this experiment alone.
        experiment: its expansion.
    """
    measured: dict[tuple[object, ...], Measured] = {
        (each.cell.fit_id, each.cell.epoch, *_condition(each.cell)): each.measured
        for each in measured_cells(selection)
    }
    scored: dict[tuple[object, ...], tuple[Piece, ...]] = {
        (cell.fit_id, cell.epoch, *_condition(cell)): (*cell.real, *cell.fake)
        for cell, _ in selection.complete_cells
    }
    fits = {fit["fit_id"]: fit for fit in experiment["fits"]}
    grouped: dict[ArmOfFit, list[tuple[Cell, SeedCell]]] = {}
    for cell in cells_of(experiment):
        fit = fits[cell.fit_id]
        arm = ArmOfFit.of(fit, cell, fits)
        place = (cell.fit_id, _epoch(cell, selection), *_condition(cell))
        found = measured.get(place)
        unused = scored.get(place, ()) if found is None else ()
        seed_cell = SeedCell(cell.fit_id, fit["seed"], found, unused)
        grouped.setdefault(arm, []).append((cell, seed_cell))
    grouped = _with_parents_seeds_apart(grouped, fits)
    titles = arms_of(grouped)
    order = [set_key(record) for record in experiment["test_sets"]]
    steps = read_steps(selection)
    made = []
    for arm, cells in grouped.items():
        own = {cell.fit_id: fits[cell.fit_id] for cell, _ in cells}
        facts = training_facts(dict(arm.settings), own.values(), selection.commits, steps)
        made.append(_matrix(titles[arm], arm, facts, cells, fits, order))
    return made


def _with_parents_seeds_apart(
    grouped: dict[ArmOfFit, list[tuple[Cell, SeedCell]]], fits: dict[str, FitRecord]
) -> dict[ArmOfFit, list[tuple[Cell, SeedCell]]]:
    """Split groups in which fits of one seed began with weights of several seeds."""
    apart: dict[ArmOfFit, list[tuple[Cell, SeedCell]]] = {}
    for arm, cells in grouped.items():
        places = [
            (row_name(fits[cell.fit_id]), set_key(cell.record), seed_cell.seed)
            for cell, seed_cell in cells
        ]
        is_clear = len(set(places)) == len(places)
        for cell, seed_cell in cells:
            own = arm if is_clear else arm.of_parents_seed(fits[cell.fit_id], fits)
            apart.setdefault(own, []).append((cell, seed_cell))
    return apart


def _matrix(
    title: str,
    arm: ArmOfFit,
    facts: TrainingFacts,
    cells: Sequence[tuple[Cell, SeedCell]],
    fits: dict[str, FitRecord],
    order: Sequence[tuple[object, ...]],
) -> Matrix:
    asked = {set_key(cell.record): cell.record for cell, _ in cells}
    sets = {key: asked[key] for key in order if key in asked}
    names: dict[str, FitRecord] = {}
    for cell, _ in cells:
        fit = fits[cell.fit_id]
        names.setdefault(row_name(fit), fit)
    families = list(dict.fromkeys(record["family"] for record in sets.values()))
    keys = sorted(sets, key=lambda key: families.index(sets[key]["family"]))
    place = {sets[key]["generator"]: n for n, key in reversed(list(enumerate(keys)))}
    ordered = sorted(names, key=lambda name: row_place(names[name], families, place))
    found: dict[tuple[str, tuple[object, ...]], list[tuple[Cell, SeedCell]]] = {}
    for cell, seed_cell in cells:
        key = (row_name(fits[cell.fit_id]), set_key(cell.record))
        found.setdefault(key, []).append((cell, seed_cell))
    return Matrix(
        title=title,
        settings=dict(arm.settings),
        facts=facts,
        rows=tuple(row_head(name, names[name], shared_prefix(ordered)) for name in ordered),
        columns=column_heads([sets[key] for key in keys]),
        entries=tuple(
            tuple(_entry(found.get((name, key)), names[name]) for key in keys) for name in ordered
        ),
    )


def _entry(cells: Sequence[tuple[Cell, SeedCell]] | None, fit: FitRecord) -> Entry | None:
    if not cells:
        return None
    ordered = sorted((c for _, c in cells), key=lambda c: -1 if c.seed is None else c.seed)
    for one, other in pairwise(ordered):
        if one.seed == other.seed:
            raise AmbiguousSeeds(one.fit_id, other.fit_id)
    return Entry(relation_of(fit, cells[0][0].record), tuple(ordered))


def _mean_of_strangers(entries: Sequence[Entry | None], metric: Metric) -> float | None:
    spreads = [e.spread(metric) for e in entries if e is not None and e.relation in UNSEEN]
    found = [spread.mean for spread in spreads if spread is not None]
    return fmean(found) if found else None


def _epoch(cell: Cell, selection: Selection) -> int | None:
    commit = selection.commits.get(cell.fit_id)
    epochs = resolved_epochs([cell.epoch], commit) if commit is not None else []
    return epochs[0] if epochs else None


def _condition(cell: Cell) -> tuple[object, ...]:
    return (set_key(cell.record), cell.degradation, cell.test_pipeline, cell.equalise)
