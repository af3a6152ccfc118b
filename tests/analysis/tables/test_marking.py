"""Marks of a column's lines, on made-up lines: by corrected p, of whole lines, with all seeds."""

import numpy as np
from scipy.optimize import brentq

from analysis.matrices.matrix import MatrixEntry, SeedCell
from analysis.measuring.cell_measures import Counts, Measured
from analysis.statistics.crossed import crossed_t
from analysis.statistics.two_component import two_component_t
from analysis.tables.marking import Contender, mark_column
from analysis.tables.table import TableCell

COUNTS = Counts(30, 30, 0, 0, 0, 0, 0, False)


def line(values_STG, own):
    """A line of a column and its number, of values by seed, training and test set; NaN missing."""
    n_seeds, n_rows, n_columns = values_STG.shape
    entries = {
        (f"row{t}", (g,)): MatrixEntry(
            "other",
            tuple(
                SeedCell(f"fit{t}/{s}", s, measured(values_STG[s, t, g])) for s in range(n_seeds)
            ),
        )
        for t in range(n_rows)
        for g in range(n_columns)
    }
    return Contender(entries, own), TableCell(value=float(np.nanmean(values_STG)))


def measured(value):
    return None if np.isnan(value) else Measured(COUNTS, {"auc": float(value)})


def marks_of(*values, own=None):
    """Marks of lines of (seeds, training sets, test sets), or of one training set without it."""
    three = [each if each.ndim == 3 else each[:, None] for each in values]
    contenders, cells = zip(*(line(each, own or {}) for each in three), strict=True)
    return [each.mark for each in mark_column(cells, contenders, "auc")[0]]


def test_marks_are_corrected_for_the_number_of_lines():
    """Alone a line is shown to be worse than the best, p = .03; among three such it is not."""
    noise = 0.01 * np.random.default_rng(2).standard_normal((2, 5, 6))
    best = 0.9 + noise[0]

    def worse(by):
        return 0.9 - by + noise[1]

    by = brentq(lambda by: two_component_t(best, worse(by)).p - 0.03, 0.002, 0.1)
    assert best.mean() > worse(by).mean()
    assert marks_of(best, worse(by)) == ["best", ""]
    assert marks_of(best, *[worse(by)] * 3) == ["best", *["not_worse"] * 3]


def test_one_seed_is_held_against_the_mean_of_several():
    """The first seed of the best line is now better, now worse; the mean of its five is better."""
    best = np.full((5, 6), 0.9)
    best[0] = 0.5 + 0.1 * (-1.0) ** np.arange(6)
    assert marks_of(best, np.full((1, 6), 0.5)) == ["best", ""]


def test_a_line_that_lacks_a_seed_is_not_best():
    noise = 0.01 * np.random.default_rng(2).standard_normal((3, 5, 6))
    lacking, second, third = 0.9 + noise[0], 0.6 + noise[1], 0.3 + noise[2]
    lacking[2, 4] = np.nan
    assert marks_of(lacking, second, third) == ["", "best", ""]


def test_generators_that_are_trained_and_tested_on_vary_as_one():
    """With twice the variance what would be shown to be worse, p = .02, is not."""
    random = np.random.default_rng(1)
    effects = 0.02 * random.standard_normal(6)
    noise = 0.001 * random.standard_normal((2, 2, 6, 6))
    better = 0.7 + effects[:, None] + effects + noise[0]

    def worse(by):
        return 0.7 + effects.mean() * 2 - by + noise[1]

    by = brentq(lambda by: crossed_t(better, worse(by)).p - 0.02, 0.001, 0.5)
    own = {f"row{n}": (n,) for n in range(6)}
    assert marks_of(better, worse(by)) == ["best", ""]
    assert marks_of(better, worse(by), own=own) == ["best", "not_worse"]
