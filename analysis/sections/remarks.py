"""What is said of the choice of what is shown: other expansions, and files that are left out."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup
from rich.text import Text

from analysis.page.overview import Overview
from analysis.page.section import Placed, Screen, Section, nothing


def _lines(shown: Overview, found: None, screen: Screen) -> Iterator[Text]:
    return (Text(remark, style="dim") for remark in shown.remarks)


def _html(shown: Overview, found: None) -> Markup:
    paragraph = Markup('<p class="dim">{}</p>\n')
    return Markup("").join(paragraph.format(remark) for remark in shown.remarks)


SECTION = Section(find=nothing, terminal=Placed(20, _lines), page=Placed(40, _html))
