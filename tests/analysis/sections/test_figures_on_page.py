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
    shown, has_more = figures.pictures_within(EVIDENCE, 9, 10**6)
    assert [each.picture.name for each in shown] == ["f", "c1", "c2"]
    assert not has_more
    assert base64.b64decode(shown[0].png) == picture("f").png()


def test_of_many_each_kind_keeps_its_first(kinds):
    size = len(base64.b64encode(picture("f").png()))
    for most, budget in ((9, 2 * size + size // 2), (2, 10**6)):
        shown, has_more = figures.pictures_within(EVIDENCE, most, budget)
        assert [each.picture.name for each in shown] == ["f", "c1"]
        assert has_more


def test_what_the_page_does_not_take_is_not_drawn(monkeypatch):
    drawn = []

    def draw(evidence):
        for n in range(100):
            drawn.append(n)
            yield picture(f"c{n}")

    kind = FigureKind(title="many", needs="", page=1, draw=draw)
    monkeypatch.setattr(figures, "all_figures", lambda: {"many": kind})
    shown, has_more = figures.pictures_within(EVIDENCE, 3, 10**6)
    assert (len(shown), has_more, len(drawn)) == (3, True, 4)


def test_a_figure_says_what_it_shows_in_words_too(kinds, monkeypatch):
    monkeypatch.setattr(figures.page_budget, "FIGURE_BYTES", 10**6)

    class Shown:
        evidence = EVIDENCE

    html = figures.SECTION.page.make(Shown, None)
    assert re.search(r'<img alt="&lt;f&gt;" src="data:image/png;base64,iVBOR', html)
    assert "<figcaption>Of f.</figcaption>" in html
