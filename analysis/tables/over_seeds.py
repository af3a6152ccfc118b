"""Values of several seeds as one cell of a table: their mean, spread and interval."""

from __future__ import annotations

import math

from analysis.matrices.matrix import MatrixEntry, Spread
from analysis.statistics.student_t import t_quantile
from analysis.tables.table import TableCell
from analysis.tables.written import MISSING, UNDEFINED

LEVEL = 0.95
SEEDS_NOTE = (
    "± is the standard deviation over seeds; brackets are the 95 % interval of the mean: t over "
    "seeds, which speaks of this training procedure, or, of one seed, over images, which speaks of "
    "these trained files only."
)


def spread_cell(
    spread: Spread | None,
    *,
    of_images: tuple[float, float] | None = None,
    missing: bool = False,
    text: str = "",
) -> TableCell:
    """Return the cell of a metric over seeds.

    Args:
        spread: its values, one per seed; None where there is none.
        of_images: the interval of one seed's value.
        missing: whether no value means not measured, rather than undefined.
        text: a sign beside the value.
    """
    if spread is None:
        return TableCell(text=MISSING if missing else UNDEFINED)
    low, high = over_seeds(spread) or of_images or (None, None)
    return TableCell(value=spread.mean, sd=spread.sd, low=low, high=high, text=text)


def entry_cell(entry: MatrixEntry | None, metric: str, *, text: str = "") -> TableCell:
    """Return the cell of one training set on one test set; empty where none is asked for."""
    if entry is None:
        return TableCell()
    return spread_cell(
        entry.spread(metric),
        of_images=entry.interval(metric),
        missing=bool(entry.missing),
        text=text,
    )


def over_seeds(spread: Spread) -> tuple[float, float] | None:
    """Return the 95 % t interval of the mean over seeds, cut at 0 and 1; None for one seed.

    Equal values have no such interval either: that a few seeds agree is no certainty.
    """
    n = len(spread.values)
    if n < 2 or not spread.sd:
        return None
    half = t_quantile(LEVEL, n - 1) * spread.sd / math.sqrt(n)
    return max(0.0, spread.mean - half), min(1.0, spread.mean + half)
