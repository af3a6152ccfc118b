"""The figures of an experiment that have a place on the page, in it as they are."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

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


def pictures_within(evidence: Evidence, budget: int) -> tuple[list[PlacedPicture], list[str]]:
    """Return the pictures of the page that fit into some bytes, and the names of the others.

    Of each kind the first comes before the second of any, so that many sweep curves leave no kind
    without its picture; shown they are kind by kind.
    """
    shown: list[tuple[int, int, PlacedPicture]] = []
    left_out = []
    for turn, place, picture in _by_turns(evidence):
        png = base64.b64encode(picture.png()).decode()
        if len(png) > budget:
            left_out.append(picture.name)
            continue
        budget -= len(png)
        shown.append((place, turn, PlacedPicture(picture, png)))
    return [each for *_, each in sorted(shown, key=lambda each: each[:2])], left_out


def _by_turns(evidence: Evidence) -> Iterator[tuple[int, int, Picture]]:
    """Give the first picture of each kind, then the second ones, and so on: turn, place, picture.

    The kinds are those that have a place on the page, in the order of these. To draw is slow, so
    of a kind no more than the page has room for are drawn.
    """
    placed = [(kind.page, name, kind) for name, kind in all_figures().items()]
    kinds = sorted((page, name, kind) for page, name, kind in placed if page is not None)
    waiting = [(place, iter(kind.draw(evidence))) for place, (*_, kind) in enumerate(kinds)]
    for turn in range(page_budget.FIGURES_OF_A_KIND):
        drawn = [(place, rest, next(rest, None)) for place, rest in waiting]
        yield from ((turn, place, each) for place, _, each in drawn if each is not None)
        waiting = [(place, rest) for place, rest, each in drawn if each is not None]


def _html(shown: Overview, found: None) -> Markup:
    pictures, left_out = pictures_within(shown.evidence, page_budget.FIGURE_BYTES)
    if not pictures:
        return Markup("")
    return fragment(
        "figures.html.j2",
        pictures=pictures,
        left_out=left_out,
        most=page_budget.FIGURES_OF_A_KIND,
    )


SECTION = Section(find=nothing, page=Placed(65, _html))
