"""The warnings of all sections, each with the beginning of what it is about; before any number."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup
from rich.text import Text

from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Caution, Placed, Screen, Section, nothing

LINES_ON_TERMINAL = 3
LINES_ON_PAGE = 60


def _lines(shown: Overview, found: None, screen: Screen) -> Iterator[Text]:
    for caution in shown.cautions:
        yield Text("! ", style="bold yellow").append(caution.text, style="yellow")
        for line in _first(caution, LINES_ON_TERMINAL):
            yield Text(f"    {line}", style="dim")


def _html(shown: Overview, found: None) -> Markup:
    warnings = [(each, _first(each, LINES_ON_PAGE)) for each in shown.cautions]
    return fragment("warning_list.html.j2", warnings=warnings)


def _first(caution: Caution, most: int) -> list[str]:
    more = len(caution.details) - most
    return [*caution.details[:most], *([f"... and {more} more"] if more > 0 else [])]


SECTION = Section(find=nothing, terminal=Placed(30, _lines), page=Placed(10, _html))
