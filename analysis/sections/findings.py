"""The answers to the experiment's contrasts: the sentence first, the tests beside it.

What is compared, by which test and in which words is decided in `analysis.comparing`.
"""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup
from rich.text import Text

from analysis.comparing.effect_rows import HEADS, difference_rows, effect_rows
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Screen, Section, nothing

SHOWN_ON_TERMINAL = 6


def _lines(shown: Overview, found: None, screen: Screen) -> Iterator[Text]:
    if not shown.findings:
        return
    yield Text("")
    yield Text("Contrasts", style="bold")
    for finding in shown.findings[:SHOWN_ON_TERMINAL]:
        yield Text(finding.sentence)
        for warning in finding.warnings:
            yield Text("! ", style="bold yellow").append(warning, style="yellow")
    more = len(shown.findings) - SHOWN_ON_TERMINAL
    if more > 0:
        yield Text(f"... and {more} more on the page of `crossgen report`.", style="dim")


def _html(shown: Overview, found: None) -> Markup:
    if not shown.findings:
        return Markup("")
    findings = [
        {
            "finding": finding,
            "effects": effect_rows(finding),
            "differences": difference_rows(finding),
        }
        for finding in shown.findings
    ]
    return fragment("findings.html.j2", findings=findings, heads=HEADS)


SECTION = Section(find=nothing, terminal=Placed(55, _lines), page=Placed(25, _html))
