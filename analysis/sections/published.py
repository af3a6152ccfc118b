"""The experiment's numbers beside the published ones that its file names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup
from rich.text import Text

from analysis.comparing.evidence import Evidence
from analysis.measuring.metric_registry import DEFAULT
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Screen, Section
from analysis.page.table_html import table_html
from analysis.tables.kinds.published import TABLE
from analysis.tables.table import Table
from analysis.tables.table_kind import Asked


def _find(evidence: Evidence) -> tuple[Table, ...]:
    return tuple(TABLE.make(evidence, Asked(DEFAULT)))


def _lines(shown: Overview, found: Sequence[Table], screen: Screen) -> Iterator[Text]:
    for table in found:
        yield Text("")
        yield Text(f"{table.notes[0]} `crossgen table published` has each.")


def _html(shown: Overview, found: Sequence[Table]) -> Markup:
    if not found:
        return Markup("")
    return fragment(
        "published.html.j2",
        sentences=[table.notes[0] for table in found],
        tables=[table_html(table, 3) for table in found],
    )


SECTION = Section(find=_find, terminal=Placed(57, _lines), page=Placed(55, _html))
