"""Ours beside published numbers: matched by what they are of, covered or not, and what hinders."""

import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix_making import matrices
from analysis.sections.published import SECTION
from analysis.selecting.selection import StoreSelection
from analysis.tables.kinds.published import TABLE
from analysis.tables.published_comparison import beside_published, summary
from analysis.tables.table_kind import Asked
from grid.records.stored_experiments import experiment_digest
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="beside",
    generators=3,
    trained=1,
    seeds=3,
    images=60,
    degradations=("none",),
    detectors=(
        SyntheticDetector(name="npr", options={"factor": 1 / 3}),
        SyntheticDetector(name="simple_cnn"),
    ),
)


def published(value, test_set="synthetic/adm", **changes):
    row = {
        "detector": "simple_cnn",
        "options": {},
        "train": "progan",
        "degradation": "none",
        "equalise": "none",
        "metric": "accuracy",
        "note": "",
        "test_set": test_set,
        "is_mean": False,
        "value": value,
    }
    return {**row, **changes}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return open_store(tmp_path_factory.mktemp("beside") / "store")


@pytest.fixture(scope="module")
def plain(store):
    return write_synthetic_store(store, GRID)


def evidence_of(store, plain, *rows, **changes):
    table = {"name": "t", "source": "A paper, table 1", "note": "", "results": list(rows)}
    experiment = {**plain, "published": table, "simulated": False, **changes}
    experiment["digest"] = experiment_digest(experiment)
    selection = StoreSelection.of(store, [experiment])
    return Evidence(selection, experiment, tuple(matrices(selection, experiment)))


def found(store, plain, *rows, **changes):
    return beside_published(evidence_of(store, plain, *rows, **changes))


def spread(store, plain, detector, generator, metric="accuracy"):
    evidence = evidence_of(store, plain)
    [matrix] = [m for m in evidence.matrices if m.settings["detector"] == detector]
    [n] = [n for n, c in enumerate(matrix.columns) if c.label == generator]
    return matrix.entries[0][n].spread(metric)


def test_a_number_stands_beside_its_own_cell(store, plain):
    ours = spread(store, plain, "simple_cnn", "adm")
    low = round(ours.mean - 0.4, 3)
    near, far = found(store, plain, published(round(ours.mean, 3)), published(low))
    assert near.ours == ours
    assert near.is_covered
    assert not far.is_covered
    assert far.deviation == pytest.approx(ours.mean - low)
    assert near.hindrances == ("recipe small, not the paper's",)
    text = summary([near, far], "A paper")
    assert "2 numbers of ours stand" in text
    assert f"on average {50 * (near.deviation + far.deviation):+.1f} points" in text
    assert "largest deviation is +40.0 (simple_cnn, accuracy on synthetic/adm)" in text
    assert "holds 1 of 2" in text


@pytest.mark.parametrize(
    "other",
    [
        {"detector": "ssp"},
        {"train": "adm"},
        {"degradation": "jpeg(75)"},
        {"equalise": "match"},
        {"options": {"depth": 2}},
        {"test_set": "elsewhere/adm"},
    ],
)
def test_what_is_of_something_else_has_no_number_of_ours(store, plain, other):
    [one] = found(store, plain, published(0.9, **other))
    assert one.ours is None
    assert one.is_covered is None
    assert "none of 1 published number is measured here" in summary([one], "A paper")


def test_options_are_compared_as_numbers(store, plain):
    row = published(0.9, detector="npr", options={"factor": 0.3333333333333333})
    [one] = found(store, plain, row)
    assert one.ours is not None
    [other] = found(store, plain, {**row, "options": {"factor": 0.5}})
    assert other.ours is None


def test_a_mean_is_over_the_cells_that_the_paper_prints(store, plain):
    mean = published(0.7, test_set="synthetic", is_mean=True)
    cells = [published(0.7, f"synthetic/{name}") for name in ("progan", "adm")]
    [*_, ours] = found(store, plain, *cells, mean)
    of_two = [spread(store, plain, "simple_cnn", name).mean for name in ("progan", "adm")]
    assert ours.ours.mean == pytest.approx(sum(of_two) / 2)
    [whole] = found(store, plain, mean)
    of_three = [*of_two, spread(store, plain, "simple_cnn", "stylegan").mean]
    assert whole.ours.mean == pytest.approx(sum(of_three) / 3)
    missing = [published(0.7, "synthetic/sd21"), *cells, mean]
    [*_, some] = found(store, plain, *missing)
    assert "ours is over 2 of 3 test sets" in some.hindrances


def test_what_hinders_a_comparison_is_said(store, plain):
    [one] = found(store, plain, published(0.9), simulated=True, limit=20)
    assert one.hindrances[:2] == ("simulated images or scores", "at most 20 images per pool")


def test_one_seed_has_the_interval_of_its_images(store, plain):
    fits = [f for f in plain["fits"] if f["seed"] == 0]
    ids = {f["fit_id"] for f in fits}
    scoring = [s for s in plain["scoring"] if s["fit_id"] in ids]
    [one] = found(store, plain, published(0.9), fits=fits, scoring=scoring)
    assert "one seed" in one.hindrances
    low, high = one.interval
    assert low < one.ours.mean < high


def test_page_and_table_show_each_number(store, plain):
    evidence = evidence_of(store, plain, published(0.5), published(0.9, detector="ssp"))
    [table] = TABLE.make(evidence, Asked("auc"))
    assert [row[table.heads.index("interval holds it")].text for row in table.rows] == ["no", "·"]
    assert any("Ours are of 120 images" in note for note in table.notes)
    found = SECTION.find(evidence)
    page = SECTION.page.make(None, found)
    assert "Beside published numbers" in page
    assert "1 published number not measured here" in page
    [_, line] = SECTION.terminal.make(None, found, None)
    assert line.plain.startswith("Beside A paper, table 1, 1 number of ours stands")
    assert not SECTION.page.make(None, SECTION.find(evidence_of(store, plain)))
