"""How the scores of a cell are spread, thinned to what a drawing needs: some 700 numbers a cell.

ROC, precision-recall, reliability, confusion and histograms are drawn from it; scores are read once
for all of them, and of one seed, since fits of several seeds have thresholds of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from analysis.comparing.evidence import Evidence
from analysis.matrices.heads import set_key
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.measuring.cell_logits import LogitColumn, read_logits
from analysis.measuring.image_probabilities import BINS as PROBABILITY_BINS
from analysis.selecting.selection import StoreSelection
from analysis.statistics.temperature import probability
from grid.records.experiments import Cell, resolved_epochs
from grid.records.table_lists import as_asked

Shares = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

FPR_G: Shares = np.unique(np.concatenate([[0.0], np.logspace(-3, 0, 61), np.linspace(0, 1, 101)]))
"""False positive rates at which the true positive rate is taken."""

RECALL_G: Shares = np.linspace(0.01, 1, 100)
"""Recalls at which the precision is taken."""

LARGEST_LOGIT = 50.0
BINS = 160
LOGIT_EDGES: Shares = np.sinh(np.linspace(-1, 1, BINS + 1) * np.arcsinh(LARGEST_LOGIT))
"""Edges of the histograms: even by arcsinh, which is linear near 0 and logarithmic far from it."""


@dataclass(frozen=True)
class ScoreShape:
    """The scores of one cell, thinned.

    `tpr_G` is at FPR_G, `precision_G` at RECALL_G; histograms are counts between LOGIT_EDGES, what
    is beyond being in the outermost bin; of each bin of P(fake) there are the images, the fakes
    among them and the sum of P(fake).
    """

    n_real: int
    n_fake: int
    n_real_right: int
    n_fake_right: int
    tpr_G: Shares
    precision_G: Shares
    histogram_real: Numbers
    histogram_fake: Numbers
    bin_images: Numbers
    bin_fakes: Numbers
    bin_probability: Shares

    @classmethod
    def of(cls, real: LogitColumn, fake: LogitColumn) -> ScoreShape:
        """Thin the logits of a cell, (n_real,) and (n_fake,), neither empty nor with NaN."""
        images, fakes, probability = _calibration(real, fake)
        return cls(
            n_real=real.size,
            n_fake=fake.size,
            n_real_right=int(np.count_nonzero(real <= 0)),
            n_fake_right=int(np.count_nonzero(fake > 0)),
            tpr_G=true_positive_rates(real, fake),
            precision_G=precisions(real, fake),
            histogram_real=_histogram(real),
            histogram_fake=_histogram(fake),
            bin_images=images,
            bin_fakes=fakes,
            bin_probability=probability,
        )


def true_positive_rates(real: LogitColumn, fake: LogitColumn) -> Shares:
    """Return the largest true positive rate of a threshold with up to each of FPR_G, (G,).

    Points of the ROC curve, not interpolated; an image is called fake above the threshold.
    """
    falling = np.append(np.sort(real)[::-1], -np.inf)
    allowed = np.floor(FPR_G * real.size + 1e-9).astype(np.int64)
    above = fake.size - np.searchsorted(np.sort(fake), falling[allowed], side="right")
    return np.asarray(above / fake.size, dtype=np.float64)


def precisions(real: LogitColumn, fake: LogitColumn) -> Shares:
    """Return the precision at the highest threshold that finds each of RECALL_G, (G,)."""
    reals, fakes = np.sort(real), np.sort(fake)
    found = np.ceil(RECALL_G * fake.size - 1e-9).astype(np.int64)
    thresholds = fakes[fake.size - found]
    true = fake.size - np.searchsorted(fakes, thresholds, side="left")
    false = real.size - np.searchsorted(reals, thresholds, side="left")
    return np.asarray(true / (true + false), dtype=np.float64)


def _histogram(logits: LogitColumn) -> Numbers:
    inside = np.clip(logits, LOGIT_EDGES[0], LOGIT_EDGES[-1])
    return np.asarray(np.histogram(inside, LOGIT_EDGES)[0], dtype=np.int64)


def _calibration(real: LogitColumn, fake: LogitColumn) -> tuple[Numbers, Numbers, Shares]:
    logits = np.concatenate([real, fake]).astype(np.float64)
    p_fake = probability(logits)
    is_fake = np.repeat([False, True], [real.size, fake.size])
    place = np.searchsorted(np.arange(1, PROBABILITY_BINS) / PROBABILITY_BINS, p_fake, side="left")
    images: Numbers = np.bincount(place, minlength=PROBABILITY_BINS).astype(np.int64)
    fakes: Numbers = np.bincount(place[is_fake], minlength=PROBABILITY_BINS).astype(np.int64)
    summed: Shares = np.bincount(place, p_fake, PROBABILITY_BINS).astype(np.float64)
    return images, fakes, summed


_known: WeakKeyDictionary[StoreSelection, dict[tuple[Any, ...], ScoreShape]] = WeakKeyDictionary()


def shapes_of(evidence: Evidence, matrix: Matrix) -> dict[tuple[int, int], ScoreShape]:
    """Return the shapes of a matrix's cells by (row, column), each of its lowest measured seed."""
    selection = evidence.selection
    known = _known.setdefault(selection, {})
    wanted = {
        place: _key(matrix, place[1], fit_id, selection)
        for place, fit_id in first_fits(matrix).items()
    }
    missing = set(wanted.values()) - known.keys()
    if missing:
        every = (*selection.complete_cells, *selection.complete_ensemble_cells)
        cells = {_key_of(cell): (cell, experiment) for cell, experiment in every}
        read = read_logits(
            selection, [cells[key] for key in sorted(missing & cells.keys(), key=str)]
        )
        for each in read:
            if each.real.size and each.fake.size:
                known[_key_of(each.cell)] = ScoreShape.of(each.real, each.fake)
    return {place: known[key] for place, key in wanted.items() if key in known}


def first_fits(matrix: Matrix) -> Mapping[tuple[int, int], str]:
    """Return the fit of each measured entry's lowest seed, by (row, column)."""
    return {
        (r, c): fit_id
        for r, entries in enumerate(matrix.entries)
        for c, entry in enumerate(entries)
        if (fit_id := _first_fit(entry)) is not None
    }


def _first_fit(entry: MatrixEntry | None) -> str | None:
    cells = entry.cells if entry is not None else ()
    return next((cell.fit_id for cell in cells if cell.measured is not None), None)


def _key(matrix: Matrix, column: int, fit_id: str, selection: StoreSelection) -> tuple[Any, ...]:
    named = matrix.settings["epoch"]
    epoch: int | str = int(named) if named.isdecimal() else named
    commit = selection.commits.get(fit_id)  # an ensemble has none, and its epoch stays a word
    [number] = resolved_epochs([epoch], commit) if commit is not None else [epoch]
    settings = (matrix.settings[name] for name in ("degradation", "test input", "equalise"))
    return (fit_id, number, matrix.columns[column].key, *settings)


def _key_of(cell: Cell) -> tuple[Any, ...]:
    condition = (cell.degradation, cell.test_pipeline, as_asked(cell.equalise))
    return (cell.fit_id, cell.epoch, set_key(cell.record), *condition)
