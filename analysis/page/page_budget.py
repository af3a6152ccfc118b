"""How much the page may hold: with all of it, it stays below 5 MB."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.measuring.metric_registry import known_metrics

# A table cell of a matrix takes about 60 bytes, a line of detail about 300, a pool about 200.
MATRIX_CELLS_SHOWN = 16_000
DETAILS_SHOWN = 4_500
POOLS_SHOWN = 1_000
# A line of strata takes about 600 bytes, a rate of a real source about 70.
STRATA_SHOWN = 40
SOURCE_RATES_SHOWN = 2_000
# Each takes about a second to draw; of PNG as base64.
FIGURES_SHOWN = 16
FIGURE_BYTES = 1_500_000


def within(sizes: Sequence[int], budget: int) -> int:
    """Return how many of the first fit into a budget."""
    total = 0
    for n, size in enumerate(sizes):
        total += size
        if total > budget:
            return n
    return len(sizes)


def every_number() -> str:
    """Return the SQL that has the numbers that a page leaves out."""
    metrics = ", ".join(each.name for each in known_metrics() if each.on_page)
    return f"SELECT detector, train, seed, test_set, degradation, {metrics} FROM cells"
