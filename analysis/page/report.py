"""One HTML page of an experiment: self-contained, without scripts, for screen, phone and paper.

The page says nothing that `Overview` does not hold, and the same store gives the same bytes: no
date, no path. What would make it too large is left out, and the page says so and how to ask for it
(`analysis.page.page_budget`).
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from analysis.figures.colours import RGB, css, ink, shades
from analysis.page.overview import Overview
from analysis.page.page_fragments import environment
from analysis.page.section import all_sections, in_order


def report_page(shown: Overview) -> str:
    """Return the page as HTML: the parts of the sections, in their order."""
    parts = [html.make(shown, shown.found[name]) for name, html in in_order(all_sections(), "page")]
    template = environment().get_template("report.html.j2")
    return template.render(experiment=shown.experiment, parts=parts, palette=_palette())


def _palette() -> dict[str, Markup]:
    return {"light": _rules(shades(dark=False)), "dark": _rules(shades(dark=True))}


def _rules(made: Sequence[RGB]) -> Markup:
    """Return the CSS of the steps' colours; numbers of ours only, so nothing needs escaping."""
    return Markup(
        "".join(f".c{n}{{background:{css(s)};color:{ink(s)}}}" for n, s in enumerate(made))
    )
