"""What the matrices show, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup
from rich.text import Text

from analysis.comparing.evidence import Evidence
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Screen, Section
from analysis.page.sentences import headline, meaning


def _find(evidence: Evidence) -> tuple[list[str], str]:
    """Return the sentences, and what their numbers are."""
    return headline(evidence.matrices), meaning(evidence.matrices)


def _lines(shown: Overview, found: tuple[list[str], str], screen: Screen) -> Iterator[Text]:
    sentences, meant = found
    yield Text("")
    for sentence in sentences:
        yield Text(sentence)
    yield Text(meant, style="dim")


def _html(shown: Overview, found: tuple[list[str], str]) -> Markup:
    sentences, meant = found
    return fragment("headline.html.j2", sentences=sentences, meaning=meant)


def _numbers(shown: Overview, found: tuple[list[str], str]) -> dict[str, list[str] | str]:
    sentences, meant = found
    return {"sentences": sentences, "meaning": meant}


SECTION = Section(find=_find, terminal=Placed(50, _lines), page=Placed(30, _html), numbers=_numbers)
