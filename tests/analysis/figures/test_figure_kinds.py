"""Every kind of figure: listed, drawn from a store, the same bytes each time, its needs told."""

import io
import re
import subprocess
import sys

import matplotlib
import pytest
from PIL import Image
from repository import ROOT
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import all_figures
from analysis.matrices.matrix_making import matrices
from analysis.selecting.selection import StoreSelection
from grid.store.opening import open_store

PLACES = {
    "matrix": None,
    "forest": 10,
    "cd": 20,
    "sweep": 30,
    "robustness": 40,
    "roc": 50,
    "precision_recall": None,
    "reliability": None,
    "confusion": None,
    "histograms": 60,
    "learning": 70,
    "cost": 80,
    "correlation": 90,
}
TOO_SMALL_FOR = {"correlation"}  # it needs more training sets than a fast test makes


@pytest.fixture(scope="module")
def pictures(evidence):
    """The first picture of each kind."""
    return {name: next(iter(all_figures()[name].draw(evidence)), None) for name in PLACES}


def test_the_kinds_have_their_places():
    kinds = all_figures()
    assert {name: kinds[name].page for name in PLACES} == PLACES
    given = [kind.page for kind in kinds.values() if kind.page is not None]
    assert len(given) == len(set(given))
    assert all(kind.title and kind.needs for kind in kinds.values())


def test_all_are_drawn_and_say_what_they_show(pictures):
    assert {name for name, each in pictures.items() if each is None} == TOO_SMALL_FOR
    every = [each for each in pictures.values() if each is not None]
    assert len({each.name for each in every}) == len(every)
    assert all(each.caption.endswith(".") and each.alternative.endswith(".") for each in every)


def test_the_same_store_gives_the_same_bytes(evidence, pictures):
    """Whatever the user's matplotlib is set to, and small enough for a page."""
    for name in ("matrix", "sweep", "histograms"):
        first = pictures[name]
        with matplotlib.rc_context({"font.size": 30, "savefig.transparent": True}):
            again = next(all_figures()[name].draw(evidence))
            drawn = first.png()
            assert again.png() == drawn
        assert len(drawn) < 60_000
    assert first.pdf() == again.pdf()
    with Image.open(io.BytesIO(drawn)) as pixels:
        assert pixels.width == pytest.approx(150 * first.canvas.get_figwidth(), abs=1)


def test_nothing_is_drawn_of_nothing(tmp_path):
    store = open_store(tmp_path / "store")
    experiment = write_synthetic_store(store, SyntheticGrid(generators=2, images=2, committed=0))
    selection = StoreSelection.of(store, [experiment])
    empty = Evidence(selection, experiment, tuple(matrices(selection, experiment)))
    assert not any(kind.pictures(empty) for kind in all_figures().values())


def test_finding_the_kinds_loads_nothing_heavy():
    code = (
        "from analysis.figures.figure import all_figures; all_figures(); import sys;"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(eval(done.stdout))
    heavy = {"torch", "ray", "pandas", "sklearn", "scipy", "matplotlib", "statsmodels", "PIL"}
    assert "analysis" in loaded
    assert not loaded & heavy


def test_the_readme_lists_them_and_its_example_is_one(evidence):
    text = (ROOT / "analysis" / "README.md").read_text()
    section = text.partition("\n## Figures\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|.*\| *([\d, none]*) \|$", section, re.MULTILINE)
    listed = {}
    for names, places in rows:
        given = [int(place) if place.isdigit() else None for place in places.split(", ")]
        every = re.findall(r"`(\w+)`", names)
        listed.update(zip(every, given if len(given) == len(every) else given * 2, strict=False))
    assert {name: listed.get(name, "not listed") for name in PLACES} == PLACES
    given = {}
    exec(section.partition("```python\n")[2].partition("```")[0], given)
    [picture] = given["FIGURE"].pictures(evidence)
    assert len(picture.canvas.axes[0].patches) == len(evidence.experiment["pools"])
