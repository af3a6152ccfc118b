"""Shares of called-fake images by stratum, over the seeds of a matrix' entries; where they differ.

Of the undegraded images at the selected epoch: what a degradation does is robustness. A rate is the
mean over seeds of shares at a logit of 0: of fakes the true positive rate, of reals the false one.
Its interval is Wilson's with the images of one seed, since all seeds are tested on the same ones:
it speaks of these trained files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.comparing.evidence import Evidence
from analysis.matrices.heads import set_key
from analysis.matrices.main_matrices import main_matrices
from analysis.measuring.row_masks import UnknownClasses
from analysis.measuring.strata import StrataOfCells
from analysis.statistics.effect import Interval
from analysis.statistics.proportions import wilson
from grid.records.experiments import Cell
from grid.records.table_lists import as_asked
from grid.store.errors import StoreError

Side = Literal["fpr", "tpr"]
FEWEST_IMAGES = 20
"""A stratum of fewer images says too little to be held against another."""


@dataclass
class Rate:
    """How many images of a stratum are called fake, one count per seed."""

    images: list[int] = field(default_factory=list)
    called: list[int] = field(default_factory=list)

    def add(self, images: int, called: int) -> None:
        """Take one seed's count."""
        self.images.append(images)
        self.called.append(called)

    @property
    def n(self) -> int:
        """Images of one seed: the fewest, where leaving out seen ones makes them differ."""
        return min(self.images)

    @property
    def mean(self) -> float:
        """The mean over seeds of the share called fake."""
        return sum(c / n for c, n in zip(self.called, self.images, strict=True)) / len(self.images)

    def interval(self, level: float = 0.95) -> Interval:
        """Return the interval of the mean over the images of one seed."""
        return wilson(min(self.mean * self.n, self.n), self.n, level)


@dataclass(frozen=True, kw_only=True)
class StratumDifference:
    """The lowest and the highest rate among the strata of one entry, by one axis.

    Their intervals are at the level of 95 % for all `strata` of the axis together (Bonferroni), and
    `gap` lies between them: how far apart they are at least, negative where they overlap.
    """

    matrix: str
    train: str
    tested: str
    side: Side
    axis: str
    strata: int
    lowest: tuple[str, Rate, Interval]
    highest: tuple[str, Rate, Interval]

    @property
    def gap(self) -> float:
        """From the upper end of the lowest to the lower end of the highest."""
        return self.highest[2].low - self.lowest[2].high


@dataclass(frozen=True)
class EntryRates:
    """The rates of one entry: by side and axis, then by name of the stratum.

    `real_pools` are those of its test set; others may share them.
    """

    matrix: str
    train: str
    tested: str
    real_pools: tuple[str, ...]
    rates: Mapping[tuple[Side, str], Mapping[str, Rate]]


def entry_rates(evidence: Evidence) -> Iterator[EntryRates]:
    """Give the rates of each measured entry of the plain matrices; reads their scores once."""
    strata = StrataOfCells(evidence.selection)
    cells = _plain_cells(evidence)
    pools_of = {set_key(each): each["real_pools"] for each in evidence.experiment["test_sets"]}
    for matrix in main_matrices(evidence.matrices):
        condition = (matrix.settings["test input"], matrix.settings["equalise"])
        for row, entries in zip(matrix.rows, matrix.entries, strict=True):
            places = [
                (seed_cell.fit_id, n)
                for n, entry in enumerate(entries)
                for seed_cell in (entry.cells if entry is not None else ())
            ]
            made: list[dict[tuple[Side, str], dict[str, Rate]]] = [{} for _ in entries]
            for fit_id, n in sorted(places):  # fit by fit: the scores of one are held
                cell = cells.get((fit_id, matrix.columns[n].key, *condition))
                if cell is not None:
                    _add(strata, evidence, cell, made[n])
            for rates, column in zip(made, matrix.columns, strict=True):
                if rates:
                    pools = tuple(sorted(pools_of[column.key]))
                    yield EntryRates(matrix.title, row.label, column.label, pools, rates)


def differences(rates: EntryRates) -> Iterator[StratumDifference]:
    """Give the extremes of each axis that has several strata with enough images."""
    for (side, axis), by_name in rates.rates.items():
        kept = {name: rate for name, rate in by_name.items() if rate.n >= FEWEST_IMAGES}
        if len(kept) > 1:
            level = 1 - 0.05 / len(kept)
            ordered = sorted(kept.items(), key=lambda each: (each[1].mean, each[0]))
            (low, lowest), (high, highest) = ordered[0], ordered[-1]
            yield StratumDifference(
                matrix=rates.matrix,
                train=rates.train,
                tested=rates.tested,
                side=side,
                axis=axis,
                strata=len(kept),
                lowest=(low, lowest, lowest.interval(level)),
                highest=(high, highest, highest.interval(level)),
            )


def _plain_cells(evidence: Evidence) -> dict[tuple[object, ...], Cell]:
    commits = evidence.selection.commits
    return {
        (cell.fit_id, set_key(cell.record), cell.test_pipeline, as_asked(cell.equalise)): cell
        for cell, _ in evidence.selection.complete_cells
        if cell.degradation == "none" and cell.epoch == commits[cell.fit_id]["selected_epoch"]
    }


def _add(
    strata: StrataOfCells,
    evidence: Evidence,
    cell: Cell,
    rates: dict[tuple[Side, str], dict[str, Rate]],
) -> None:
    """Add one seed's counts; a cell whose files cannot be used is told of elsewhere."""
    try:
        sides = strata.sides(cell, evidence.experiment["leakage"])
    except (StoreError, UnknownClasses):
        return
    for each in strata.counted(sides):
        if each.n_real:
            _rate(rates, "fpr", each.axis, each.name).add(each.n_real, each.n_real_wrong)
        if each.n_fake and each.axis != "real_source":
            _rate(rates, "tpr", each.axis, each.name).add(each.n_fake, each.n_fake_right)


def _rate(rates: dict[tuple[Side, str], dict[str, Rate]], side: Side, axis: str, name: str) -> Rate:
    return rates.setdefault((side, axis), {}).setdefault(name, Rate())
