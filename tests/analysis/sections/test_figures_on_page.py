"""Figures on the page: in their order, as they were drawn, and as many as fit."""

import base64
import re

import pytest
from matplotlib.figure import Figure

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.sections import figures


def picture(name):
    canvas = Figure(figsize=(0.2, 0.2))
    return Picture(name=name, caption=f"Of {name}.", alternative=f"<{name}>", canvas=canvas)


@pytest.fixture
def kinds(monkeypatch):
    """Three kinds: two of the page, the later one with two pictures, and one drawn on request."""

    def refuse(evidence):
        raise AssertionError("nobody asked for it")

    made = {
        "a_curves": FigureKind(
            title="curves", needs="", page=20, draw=lambda e: (picture(n) for n in ("c1", "c2"))
        ),
        "b_forest": FigureKind(title="forest", needs="", page=10, draw=lambda e: [picture("f")]),
        "c_asked": FigureKind(title="asked", needs="", draw=refuse),
    }
    monkeypatch.setattr(figures, "all_figures", lambda: made)
    return made


EVIDENCE = Evidence(selection=None, experiment=None, matrices=())


def test_figures_stand_in_the_order_of_their_kinds(kinds):
    shown, left_out = figures.pictures_within(EVIDENCE, 10**6)
    assert [each.picture.name for each in shown] == ["f", "c1", "c2"]
    assert left_out == []
    assert base64.b64decode(shown[0].png) == picture("f").png()


def test_of_many_each_kind_keeps_its_first(kinds):
    size = len(base64.b64encode(picture("f").png()))
    shown, left_out = figures.pictures_within(EVIDENCE, 2 * size + size // 2)
    assert [each.picture.name for each in shown] == ["f", "c1"]
    assert left_out == ["c2"]


def test_a_figure_says_what_it_shows_in_words_too(kinds, monkeypatch):
    monkeypatch.setattr(figures.page_budget, "FIGURE_BYTES", 10**6)

    class Shown:
        evidence = EVIDENCE

    html = figures.SECTION.page.make(Shown, None)
    assert re.search(r'<img alt="&lt;f&gt;" src="data:image/png;base64,iVBOR', html)
    assert "<figcaption>Of f.</figcaption>" in html
