"""The matrices: of one metric on a terminal; on the page of all, two side by side and the others.

The page is in two steps, so that further metrics make no matrix of AUC and accuracy drop out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup
from rich.text import Text

from analysis.comparing.evidence import Evidence
from analysis.figures.colours import STEPS
from analysis.matrices.matrix import Matrix
from analysis.measuring.metric_registry import find_metric, known_metrics
from analysis.page import page_budget
from analysis.page.matrix_table import family_heads, table_rows
from analysis.page.matrix_text import matrix_lines
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Screen, Section, nothing
from analysis.page.table_html import table_html
from analysis.tables.kinds.one_generator import TABLE
from analysis.tables.table import Table
from analysis.tables.table_kind import Asked

SIDE_BY_SIDE = ("auc", "accuracy")


def _lines(shown: Overview, found: None, screen: Screen) -> Iterator[Text]:
    above = None
    for matrix in shown.matrices:
        yield Text("")
        yield from matrix_lines(matrix, screen.metric, screen.width, above)
        above = matrix


def _html(shown: Overview, found: None) -> Markup:
    first = [find_metric(name) for name in SIDE_BY_SIDE]
    others = [each for each in known_metrics() if each.on_page and each not in first]
    whole, unfolded = _most(shown.matrices, len(first), len(others))
    return fragment(
        "matrices.html.j2",
        instead=[table_html(table) for table in _one_row_each(shown.evidence)],
        matrices=shown.matrices[:whole],
        left_out=[matrix.title for matrix in shown.matrices[whole:]],
        first=first,
        others=others,
        with_others=unfolded,
        table_rows=table_rows,
        family_heads=family_heads,
        scale=range(STEPS + 1),
        sql=page_budget.every_number(),
    )


def _one_row_each(evidence: Evidence) -> list[Table]:
    """Return one table of all detectors per metric, where each has one training set.

    A matrix of one row for each of many detectors compares nothing.
    """
    found = evidence.matrices
    if len(found) < 2 or any(len(matrix.rows) != 1 for matrix in found):
        return []
    return [
        replace(table, name=f"{table.name}-{metric}")
        for metric in SIDE_BY_SIDE
        for table in TABLE.make(evidence, Asked(metric))
    ]


def _most(matrices: Sequence[Matrix], first: int, others: int) -> tuple[int, int]:
    """Return of how many matrices the page has some first metrics, and of how many the others."""
    cells = [len(matrix.rows) * len(matrix.columns) for matrix in matrices]
    budget = page_budget.MATRIX_CELLS_SHOWN
    whole = max(page_budget.within([n * first for n in cells], budget), 1)
    left = budget - sum(cells[:whole]) * first
    return whole, page_budget.within([n * others for n in cells[:whole]], left)


SECTION = Section(find=nothing, terminal=Placed(40, _lines), page=Placed(43, _html))
