"""One HTML page of an experiment: self-contained, for screen, phone and paper.

It needs no script: the one it holds lets tables be sorted, and a browser runs no other, since the
page's own policy names its digest. The page says nothing that `Overview` does not hold, and the
same store gives the same bytes: no date, no path. What would make it too large is left out, and the
page says so and how to ask for it (`analysis.page.page_budget`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from analysis.figures.colours import RGB, css, ink, shades
from analysis.page.overview import Overview
from analysis.page.page_fragments import environment
from analysis.page.section import all_sections, in_order

SCRIPT = Path(__file__).with_name("sorting.js")


@dataclass(frozen=True)
class PagePart:
    """What one section gives to the page; the contents name it where it has a heading."""

    name: str
    html: Markup

    @property
    def heading(self) -> Markup | None:
        """Its first heading."""
        found = re.search(r"<h2>(.*?)</h2>", self.html, re.DOTALL)
        return Markup(found[1]) if found else None  # escaped already, as all of the part


def report_page(shown: Overview) -> str:
    """Return the page as HTML: the parts of the sections, in their order."""
    made = [
        PagePart(name, html.make(shown, shown.found[name]))
        for name, html in in_order(all_sections(), "page")
    ]
    script = SCRIPT.read_text(encoding="utf-8")
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            experiment=shown.experiment,
            parts=[part for part in made if part.html],
            palette=_palette(),
            script=Markup(script),  # of ours: no name of a store is in it
            script_digest=_digest(script),
        )
    )


def _digest(script: str) -> str:
    """Return how a content security policy names a script that may run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _palette() -> dict[str, Markup]:
    return {"light": _rules(shades(dark=False)), "dark": _rules(shades(dark=True))}


def _rules(made: Sequence[RGB]) -> Markup:
    """Return the CSS of the steps' colours; numbers of ours only, so nothing needs escaping."""
    return Markup(
        "".join(f".c{n}{{background:{css(s)};color:{ink(s)}}}" for n, s in enumerate(made))
    )
