"""A section is one file: dropped into the folder it is on the terminal, the page, the warnings."""

import sys
from pathlib import Path

import pytest
from rich.console import Console
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

import analysis.sections
from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.page.section import all_sections, in_order
from analysis.page.terminal import print_overview
from grid.store.opening import open_store

FOLDER = Path(analysis.sections.__file__).parent
README = (FOLDER.parent / "README.md").read_text()
EXAMPLE = README.partition("## Adding a section")[2].partition("```python\n")[2].partition("```")[0]
GRID = SyntheticGrid(
    name="two",
    detectors=(SyntheticDetector(name="npr"),),
    generators=2,
    seeds=1,
    images=10,
    degradations=("none",),
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("sections") / "store")
    return store, write_synthetic_store(store, GRID)


@pytest.fixture
def drop(tmp_path, monkeypatch):
    """Return a function that puts a file beside the sections' own."""
    folder = tmp_path / "more"
    folder.mkdir()
    monkeypatch.setattr(analysis.sections, "__path__", [*analysis.sections.__path__, str(folder)])
    dropped = []

    def write(name, text):
        (folder / f"{name}.py").write_text(text)
        dropped.append(f"analysis.sections.{name}")

    yield write
    for module in dropped:
        sys.modules.pop(module, None)


def printed(shown, metric="auc"):
    console = Console(width=160, force_terminal=False)
    with console.capture() as capture:
        print_overview(console, shown, metric)
    return capture.get()


def test_the_readmes_file_is_on_terminal_and_page_in_its_place(stored, drop):
    without = overview(*stored)
    drop("cell_count_of_this_test", EXAMPLE)
    shown = overview(*stored)
    assert shown.found == {**without.found, "cell_count_of_this_test": 4}
    assert [each.kind for each in shown.cautions] == ["simulated", "few_cells"]
    assert [each.kind for each in without.cautions] == ["simulated"]
    said = ["Only 4 cells", "accuracy at logit 0, trained on", "4 cells, shown by accuracy on 160"]
    assert in_this_order(printed(shown, "accuracy"), [*said, "No difference is tested here."])
    page = ["<strong>Only 4 cells", "<h2>Summary", "<h2>Matrices", "<p>4 cells of two</p>"]
    assert in_this_order(report_page(shown), page)


def in_this_order(text, parts):
    places = [text.index(part) for part in parts]
    return places == sorted(places)


def test_a_file_that_is_no_section_is_named(stored, drop):
    drop("nothing_of_this_test", "SECTIONS = []\n")
    with pytest.raises(
        TypeError, match=r"sections/nothing_of_this_test\.py: it assigns no SECTION"
    ):
        overview(*stored)


def test_no_two_sections_claim_one_place():
    sections = all_sections()
    for side in ("cautions", "terminal", "page"):
        places = [placed.place for _, placed in in_order(sections, side)]
        assert len(places) == len(set(places)), side


def test_no_section_imports_another():
    for name in all_sections():
        text = (FOLDER / f"{name}.py").read_text()
        assert "analysis.sections" not in text, name
