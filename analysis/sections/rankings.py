"""Best detector, best training set, hardest generator, with how sure each rank is."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from analysis.comparing.evidence import Evidence
from analysis.measuring.metric_registry import DEFAULT
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Section
from analysis.page.table_html import table_html
from analysis.tables.kinds.rankings import TABLE
from analysis.tables.table import Table
from analysis.tables.table_kind import Asked
from data.counts import counted

TABLES_SHOWN = 30


def _find(evidence: Evidence) -> tuple[Table, ...]:
    return tuple(table for table in TABLE.make(evidence, Asked(DEFAULT)) if table.rows)


def _html(shown: Overview, found: Sequence[Table]) -> Markup:
    if not found:
        return Markup("")
    left_out = len(found) - TABLES_SHOWN
    return fragment(
        "rankings.html.j2",
        first=table_html(found[0]),
        others=[table_html(table) for table in found[1:TABLES_SHOWN]],
        left_out=counted(left_out, "more ranking") if left_out > 0 else "",
    )


SECTION = Section(find=_find, page=Placed(52, _html))
