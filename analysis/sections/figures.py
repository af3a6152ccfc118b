"""The figures of an experiment that have a place on the page, in it as they are."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import Picture, all_figures
from analysis.page import page_budget
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Section, nothing


@dataclass(frozen=True)
class PlacedPicture:
    """A picture of the page: its PNG as text for a `data:` address."""

    picture: Picture
    png: str


def pictures_within(evidence: Evidence, most: int, budget: int) -> tuple[list[PlacedPicture], bool]:
    """Return the pictures of the page, and whether there are more of them than it takes.

    Of each kind the first comes before the second of any, so that many sweep curves leave no kind
    without its picture; shown they are kind by kind. What is beyond `most` is not drawn: a figure
    takes about a second.

    Args:
        evidence: what they are drawn of.
        most: as many at most.
        budget: bytes of all of them as text.
    """
    shown: list[tuple[int, int, PlacedPicture]] = []
    for turn, place, picture in _by_turns(evidence):
        if len(shown) == most:
            return _in_order(shown), True
        png = base64.b64encode(picture.png()).decode()
        if len(png) > budget:
            return _in_order(shown), True
        budget -= len(png)
        shown.append((place, turn, PlacedPicture(picture, png)))
    return _in_order(shown), False


def _in_order(shown: list[tuple[int, int, PlacedPicture]]) -> list[PlacedPicture]:
    return [each for *_, each in sorted(shown, key=lambda each: each[:2])]


def _by_turns(evidence: Evidence) -> Iterator[tuple[int, int, Picture]]:
    """Give the first picture of each kind, then the second ones, and so on: turn, place, picture.

    The kinds are those that have a place on the page, in the order of these.
    """
    placed = [(kind.page, name, kind) for name, kind in all_figures().items()]
    kinds = sorted((page, name, kind) for page, name, kind in placed if page is not None)
    waiting = [(place, iter(kind.draw(evidence))) for place, (*_, kind) in enumerate(kinds)]
    for turn in count():
        left = []
        for place, rest in waiting:
            if (picture := next(rest, None)) is not None:
                left.append((place, rest))
                yield turn, place, picture
        waiting = left
        if not waiting:
            return


def _html(shown: Overview, found: None) -> Markup:
    most, budget = page_budget.FIGURES_SHOWN, page_budget.FIGURE_BYTES
    pictures, has_more = pictures_within(shown.evidence, most, budget)
    if not pictures:
        return Markup("")
    return fragment("figures.html.j2", pictures=pictures, has_more=has_more)


SECTION = Section(find=nothing, page=Placed(65, _html))
