"""Many detectors trained on one set are one table, and their matrices of one row stand folded."""

import pytest
from page_reader import Page
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.page.overview import overview
from analysis.sections.matrices import SECTION
from analysis.sql.query import query
from grid.store.opening import open_store

DETECTORS = tuple(SyntheticDetector(name=name) for name in ("npr", "spai", "simple_cnn"))


def shown_of(folder, **changes):
    store = open_store(folder / "store")
    grid = {"name": "one", "generators": 3, "trained": 1, "seeds": 2, "images": 30}
    grid |= {"degradations": ("none",), "detectors": DETECTORS, **changes}
    return overview(store, write_synthetic_store(store, SyntheticGrid(**grid)))


def test_one_table_has_the_numbers_of_all_detectors(tmp_path):
    shown = shown_of(tmp_path)
    page = Page(SECTION.page.make(shown, None))
    tables = {attributes.get("id"): lines for attributes, lines in page.tables}
    lines = tables["table-one-generator-1-auc"]
    heads = [text for _, text in lines[0]]
    rows = query(
        shown.evidence.selection.store,
        "SELECT detector, generator, avg(auc) auc FROM cells GROUP BY ALL",
    ).to_pylist()
    assert len(rows) == 9
    found = {line[0][1]: dict(zip(heads, [t for _, t in line], strict=True)) for line in lines[1:]}
    for row in rows:
        text = found[row["detector"]][row["generator"]].split("±")[0]
        assert float(text.split()[0]) == pytest.approx(row["auc"], abs=0.0051)
    assert "table-one-generator-1-accuracy" in tables
    assert "Each matrix of one row" in page.text


def test_matrices_of_several_rows_stand_as_they_are(tmp_path):
    html = SECTION.page.make(shown_of(tmp_path, trained=2), None)
    assert "one-generator" not in html
    assert "Each matrix of one row" not in html


def test_one_detector_alone_is_its_matrix(tmp_path):
    html = SECTION.page.make(shown_of(tmp_path, detectors=DETECTORS[:1]), None)
    assert "one-generator" not in html
