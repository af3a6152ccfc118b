"""An experiment's numbers beside the published ones that its file names, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix import Matrix, MatrixEntry, Spread, mean_over
from analysis.tables.over_seeds import over_seeds
from analysis.tables.published_matching import entries_beside, is_of, sets_of_mean
from data.counts import counted
from grid.records.oracles import is_oracle

PAPER_RECIPE = "paper"


@dataclass(frozen=True, kw_only=True)
class BesidePublished:
    """One published number and ours: `ours` is None where this experiment has no such cell.

    `interval` is ours, over seeds or, of one seed, over images. `hindrances` say why a deviation
    need not be one of the method; `images` are how many ours are of, real and fake, in each test
    set. Values are shares of 1.
    """

    detector: str
    train: str
    test_set: str
    is_mean: bool
    metric: str
    degradation: str
    equalise: str
    published: float
    note: str
    ours: Spread | None
    interval: tuple[float, float] | None
    hindrances: tuple[str, ...] = ()
    images: tuple[int, ...] = ()

    @property
    def deviation(self) -> float | None:
        """Ours minus the published number."""
        return None if self.ours is None else self.ours.mean - self.published

    @property
    def is_covered(self) -> bool | None:
        """Whether our interval holds the published number as it was rounded; None without one."""
        if self.interval is None:
            return None
        half_digit = 0.5 * 10.0 ** -(2 + _decimals(100 * self.published))
        low, high = self.interval
        return low - half_digit <= self.published <= high + half_digit


def beside_published(evidence: Evidence) -> tuple[BesidePublished, ...]:
    """Return every published number, in the table's order; none where the file names no table."""
    table = evidence.experiment["published"]
    if not table:
        return ()
    return tuple(each for row in table["results"] for each in _beside(row, table, evidence))


def _beside(
    row: Mapping[str, Any], table: Mapping[str, Any], evidence: Evidence
) -> Iterator[BesidePublished]:
    """Give a row beside each matrix that is of its detector, options, degradation, equalise."""
    found = False
    fits = evidence.selection.fits_of(evidence.experiment)
    for matrix in evidence.matrices:
        if not is_of(matrix, row):
            continue
        entries = entries_beside(matrix, row, table, evidence.experiment, fits)
        if entries:
            found = True
            yield _compared(row, matrix, entries, evidence)
    if not found:
        yield _line(row, row["detector"], None, None, ())


def _compared(
    row: Mapping[str, Any], matrix: Matrix, entries: Sequence[MatrixEntry], evidence: Evidence
) -> BesidePublished:
    hindrances = list(_hindrances(row, matrix, entries, evidence))
    if row["is_mean"]:
        ours = mean_over(entries, row["metric"])
        measured = [e for e in entries if e.spread(row["metric"]) is not None]
        table = evidence.experiment["published"] or {}
        wanted = sets_of_mean(row, table, evidence.experiment)
        if len(measured) < len(wanted):
            hindrances.append(f"ours is over {len(measured)} of {len(wanted)} test sets")
        interval = None if ours is None else over_seeds(ours)
    else:
        ours = entries[0].spread(row["metric"])
        interval = (None if ours is None else over_seeds(ours)) or entries[0].interval(
            row["metric"]
        )
    images = {
        cell.measured.counts.n_real + cell.measured.counts.n_fake
        for entry in entries
        for cell in entry.cells
        if cell.measured
    }
    line = _line(row, matrix.title, ours, interval, tuple(hindrances))
    return replace(line, images=tuple(sorted(images)))


def _line(
    row: Mapping[str, Any],
    detector: str,
    ours: Spread | None,
    interval: tuple[float, float] | None,
    hindrances: tuple[str, ...],
) -> BesidePublished:
    return BesidePublished(
        detector=detector,
        train=row["train"],
        test_set=row["test_set"],
        is_mean=row["is_mean"],
        metric=row["metric"],
        degradation=row["degradation"],
        equalise=row["equalise"],
        published=row["value"],
        note=row["note"],
        ours=ours,
        interval=interval,
        hindrances=hindrances,
    )


def _hindrances(
    row: Mapping[str, Any], matrix: Matrix, entries: Sequence[MatrixEntry], evidence: Evidence
) -> Iterator[str]:
    """Say what of ours is not as the paper's, or not known of it."""
    experiment = evidence.experiment
    if experiment["simulated"] or experiment.get("simulated_datasets"):
        yield "simulated images or scores"
    if experiment["limit"] is not None:
        yield f"at most {experiment['limit']:,} images per pool"
    recipe = matrix.settings["recipe"]
    if recipe != PAPER_RECIPE:
        yield f"recipe {recipe}, not the paper's"
    if is_oracle({"validate_on": matrix.settings.get("recipe.validate_on")}):
        yield "our epoch was selected on the test images"
    prefix = f"{row['detector']}."
    varied = {
        key.removeprefix(prefix): value
        for key, value in matrix.settings.items()
        if key.startswith(prefix)
        and key.removeprefix(prefix) not in row["options"]
        and _is_varied(key, row["detector"], evidence.matrices)
    }
    for key, value in varied.items():
        yield f"{key} {value} here, not stated there"
    missing = sum(entry.missing for entry in entries)
    if missing:
        yield f"{counted(missing, 'fit')} of ours missing"
    seeds = {len(spread.values) for e in entries if (spread := e.spread(row["metric"]))}
    if seeds == {1}:
        yield "one seed"


def _is_varied(key: str, detector: str, found: Sequence[Matrix]) -> bool:
    """Say whether an experiment has several values of an option."""
    of_detector = [m for m in found if m.settings["detector"] == detector]
    return len({m.settings.get(key) for m in of_detector}) > 1


def _decimals(value: float) -> int:
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])


def summary(found: Sequence[BesidePublished], source: str) -> str:
    """Say in a sentence how ours stand beside the published numbers.

    Args:
        found: all of them.
        source: paper and table.
    """
    cells = len({(b.train, b.test_set, b.metric, b.degradation, b.published) for b in found})
    ours = [(each, each.deviation) for each in found if each.deviation is not None]
    begin = f"Beside {source}"
    if not ours:
        return f"{begin}: none of {counted(cells, 'published number')} is measured here."
    deviations = [deviation for _, deviation in ours]
    largest, by = max(ours, key=lambda each: abs(each[1]))
    covered = [each.is_covered for each, _ in ours if each.is_covered is not None]
    text = (
        f"{begin}, {counted(len(ours), 'number')} of ours stand{'s' if len(ours) == 1 else ''}: on "
        f"average {100 * fmean(deviations):+.1f} points, the largest deviation is "
        f"{100 * by:+.1f} ({largest.detector}, {largest.metric} on {largest.test_set})"
    )
    if covered:
        text += f"; our 95 % interval holds {sum(covered)} of {len(covered)}"
    hindered = sum(bool(each.hindrances) for each, _ in ours)
    if hindered:
        text += f"; {hindered} of {len(ours)} were not made as the paper's"
    missing = sum(each.ours is None for each in found)
    if missing:
        text += f"; {counted(missing, 'published number')} not measured here"
    return f"{text}."
