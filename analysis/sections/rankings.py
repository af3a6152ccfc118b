"""Best detector, best training set, hardest generator, with how sure each rank is."""

from __future__ import annotations

from markupsafe import Markup

from analysis.measuring.metric_registry import DEFAULT
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Section, nothing
from analysis.page.table_html import table_html
from analysis.tables.kinds.rankings import TABLE
from analysis.tables.table_kind import Asked
from data.counts import counted

TABLES_SHOWN = 30


def _html(shown: Overview, found: None) -> Markup:
    # Made here and not by `find`: a terminal shows no rankings and need not wait for them.
    tables = [table for table in TABLE.make(shown.evidence, Asked(DEFAULT)) if table.rows]
    if not tables:
        return Markup("")
    left_out = len(tables) - TABLES_SHOWN
    return fragment(
        "rankings.html.j2",
        first=table_html(tables[0]),
        others=[table_html(table) for table in tables[1:TABLES_SHOWN]],
        left_out=counted(left_out, "more ranking") if left_out > 0 else "",
    )


SECTION = Section(find=nothing, page=Placed(52, _html))
