"""The experiment's name and the question that its file asks."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup
from rich.text import Text

from analysis.page.overview import Overview
from analysis.page.section import Placed, Screen, Section, nothing


def _lines(shown: Overview, found: None, screen: Screen) -> Iterator[Text]:
    experiment = shown.experiment
    title = Text(experiment["name"], style="bold")
    yield title.append(f" {experiment['question']}", style="not bold")


def _html(shown: Overview, found: None) -> Markup:
    return Markup('<p class="question">{}</p>\n').format(shown.experiment["question"])


SECTION = Section(find=nothing, terminal=Placed(10, _lines), page=Placed(20, _html))
