"""What a section is: an analysis, its warnings, and how both are shown. One file is one section.

A file in `analysis/sections/` that assigns `SECTION` is a section of the terminal and of the page;
its presence registers it, and no section knows another. Where it stands the file says itself: on
the terminal, on the page, and among the warnings, which are shown together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import analysis.sections
from analysis.by_presence import found_in
from analysis.comparing.evidence import Evidence

if TYPE_CHECKING:
    from markupsafe import Markup
    from rich.text import Text

    from analysis.page.overview import Overview

Found = TypeVar("Found")
Make = TypeVar("Make")
Side = Literal["cautions", "terminal", "page"]


@dataclass(frozen=True)
class Caution:
    """A warning: its kind, a sentence, and what it is about, one line each."""

    kind: str
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Screen:
    """A terminal: its width in characters, and the metric that is asked for."""

    width: int
    metric: str


@dataclass(frozen=True)
class Placed(Generic[Make]):
    """A function and where its result stands: a lower place comes first."""

    place: int
    make: Make


@dataclass(frozen=True, kw_only=True)
class Section(Generic[Found]):
    """An analysis and what is shown of it.

    `find` computes, once and for all that is shown; the others only render what it found. All
    sections have found theirs before the first warning is asked for. `cautions` gives warnings, the
    gravest at the lowest place; `terminal` lines, `page` HTML. `numbers` gives what the page shows
    beyond cells, matrices and findings, for `findings.json`: dataclasses, mappings, lists, plain
    values.
    """

    find: Callable[[Evidence], Found]
    cautions: Placed[Callable[[Evidence, Found], Iterable[Caution]]] | None = None
    terminal: Placed[Callable[[Overview, Found, Screen], Iterable[Text]]] | None = None
    page: Placed[Callable[[Overview, Found], Markup]] | None = None
    numbers: Callable[[Overview, Found], Any] | None = None


def nothing(evidence: Evidence) -> None:
    """Find nothing: for a section that shows what is known already."""


def all_sections() -> dict[str, Section[Any]]:
    """Return the sections by the name of their file, sorted.

    Raises:
        TypeError: a file there assigns no SECTION.
    """
    return found_in(analysis.sections, "SECTION", Section)


def in_order(sections: Mapping[str, Section[Any]], side: Side) -> list[tuple[str, Placed[Any]]]:
    """Return what the sections give for one side, by place, with the name of each section."""
    given = [(name, getattr(section, side)) for name, section in sections.items()]
    return sorted(
        ((name, placed) for name, placed in given if placed is not None),
        key=lambda each: (each[1].place, each[0]),
    )
