"""A metric is one function: registering it is all that a column, a matrix and the page need."""

import numpy as np
import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.matrices.matrix_making import matrices
from analysis.measuring import cells, metric_registry
from analysis.measuring.cell_cache import COUNTS_KEY
from analysis.measuring.metric_registry import UnknownMetric, find_metric, known_metrics, metric
from analysis.measuring.sorted_scores import SortedScores
from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.selecting.selection import StoreSelection
from analysis.sql.cells_view import cells_schema
from analysis.sql.query import query
from grid.store.opening import open_store

FOLDER = COUNTS_KEY.removesuffix("counts.parquet")

GRID = SyntheticGrid(
    name="two",
    detectors=(SyntheticDetector(name="npr"),),
    generators=2,
    seeds=2,
    images=30,
    degradations=("none",),
)


@pytest.fixture
def registry(monkeypatch):
    """A registry of the test's own."""
    known_metrics()
    monkeypatch.setattr(metric_registry, "_registered", dict(metric_registry._registered))


@pytest.fixture
def stored(tmp_path):
    """A store and its experiment; its cells are measured."""
    store = open_store(tmp_path / "store")
    experiment = write_synthetic_store(store, GRID)
    query(store, "SELECT * FROM cells")
    return store, experiment


@pytest.fixture
def computed(monkeypatch):
    """The names of the metrics that were computed, a name per cell."""
    found = []
    measure = cells.measure

    def recorded(*arguments, metrics, **named):
        found.extend(each.name for each in metrics)
        return measure(*arguments, metrics=metrics, **named)

    monkeypatch.setattr(cells, "measure", recorded)
    return found


def register_reals_found(version=1, bound=0):
    @metric("reals_found", "reals found at logit 0", version, explained="share of reals found")
    def reals_found(real, fake):
        return np.mean(real <= bound)


def test_a_new_metric_is_found_everywhere_and_alone_computed(registry, stored, computed, crossgen):
    store, experiment = stored
    before = query(store, "SELECT * FROM cells ORDER BY ALL")
    assert computed == []
    register_reals_found()
    after = query(store, "SELECT * FROM cells ORDER BY ALL")
    assert computed == ["reals_found"] * 8
    columns = ["reals_found", "reals_found_low", "reals_found_high"]
    assert after.drop_columns(columns).equals(before)
    scores = "SELECT avg((logit <= 0)::int) s FROM scores WHERE label = 0 AND NOT seen"
    [expected] = query(store, f"{scores} GROUP BY fit_id, pool_id ORDER BY ALL LIMIT 1").to_pylist()
    assert min(after["reals_found"].to_pylist()) == pytest.approx(expected["s"])
    [npr] = matrices(StoreSelection.of(store, [experiment]), experiment)
    assert npr.entries[0][0].spread("reals_found") is not None
    code, out, err = crossgen("matrix", "--store", store.root, "--metric", "reals_found")
    assert code == 0, err
    assert "npr  reals found at logit 0, trained on (rows) x tested on (columns)" in out
    html = report_page(overview(store, experiment))
    assert '<table class="matrix" data-metric="reals_found">' in html
    assert "Reals found at logit 0: share of reals found." in html
    assert " and reals found at logit 0</summary>" in html
    code, out, _ = crossgen("matrix", "--help")
    assert ", reals_found." in " ".join(out.split())


def test_a_new_version_of_a_metric_is_alone_computed(registry, stored, computed, monkeypatch):
    store, _ = stored
    register_reals_found()
    lenient = query(store, "SELECT sum(reals_found) s FROM cells").to_pylist()
    monkeypatch.delitem(metric_registry._registered, "reals_found")
    register_reals_found(version=2, bound=-1)
    computed.clear()
    written = []
    put = store.put_checkpoint
    monkeypatch.setattr(store, "put_checkpoint", lambda *a: written.append(a[0]) or put(*a))
    strict = query(store, "SELECT sum(reals_found) s FROM cells").to_pylist()
    assert computed == ["reals_found"] * 8
    assert strict[0]["s"] < lenient[0]["s"]
    assert written == [f"{FOLDER}reals_found-v2.parquet"], "no other table is written again"
    assert f"{FOLDER}reals_found-v1.parquet" in store.list(FOLDER)


def test_a_metric_that_is_away_leaves_its_numbers_for_its_return(
    registry, stored, computed, monkeypatch
):
    store, _ = stored
    register_reals_found()
    first = query(store, "SELECT * FROM cells ORDER BY ALL")
    mine = metric_registry._registered.pop("reals_found")
    assert "reals_found" not in query(store, "SELECT * FROM cells").column_names
    metric_registry._registered["reals_found"] = mine
    computed.clear()
    assert query(store, "SELECT * FROM cells ORDER BY ALL").equals(first)
    assert computed == []


@pytest.mark.parametrize("value", [np.nan, 1.01, -0.1, np.inf])
def test_what_is_no_share_is_no_result(registry, value):
    @metric("wrong", "wrong", 1, explained="nothing")
    def wrong(real, fake):
        return value

    one = np.zeros(1, np.float32)
    with pytest.raises(ValueError, match=r"metric 'wrong': it gave .* not in \[0, 1\]"):
        find_metric("wrong").compute(one, one)


@pytest.mark.parametrize("bounds", [(0.2, 0.4), (0.5, 0.5), (0.6, 0.7), (-0.1, 0.9), (0, np.nan)])
def test_what_does_not_hold_the_value_or_has_no_width_is_no_interval(registry, bounds):
    @metric("wrong", "wrong", 1, explained="nothing", interval=lambda real, fake: bounds)
    def wrong(real, fake):
        return 0.5

    one = np.zeros(1, np.float32)
    with pytest.raises(ValueError, match=r"metric 'wrong': its interval of 0\.5 is"):
        find_metric("wrong").estimate(SortedScores.of(one, one))


def test_what_a_metric_needs_it_gets_and_without_it_is_undefined(registry):
    given = []

    @metric("apart", "apart", 1, explained="nothing", needs="reals_apart")
    def apart(real, fake, setting):
        given.append((real.tolist(), fake.tolist(), setting.tolist()))
        return 0.5

    @metric("validated", "validated", 1, explained="nothing", needs="validation")
    def validated(real, fake, validation):
        return validation

    real, fake = np.array([4.0, 2, 3, 1]), np.array([6.0, 5])
    half = np.array([True, False, True, False])
    scores = SortedScores.of(real, fake, sets_threshold=half, validation=0.25)
    assert find_metric("apart").estimate(scores).value == 0.5
    assert given == [([1, 2], [5, 6], [3, 4])]
    assert find_metric("validated").estimate(scores).value == 0.25
    for name in ("apart", "validated"):
        assert find_metric(name).compute(real, fake) is None
    for kept in (np.ones(4, bool), np.zeros(4, bool)):
        assert (
            find_metric("apart").estimate(SortedScores.of(real, fake, sets_threshold=kept)).value
            is None
        )


@pytest.mark.parametrize(
    ("name", "why"),
    [("auc", "there is one of this name"), ("EER", "small letters"), ("a b", "small letters")],
)
def test_a_name_is_a_column_of_its_own(registry, name, why):
    with pytest.raises(ValueError, match=why):
        metric(name, name, 1, explained="")


def test_no_metric_is_called_like_another_column():
    names = cells_schema().names
    assert len(names) == len(set(names))


def test_a_mistyped_metric_is_refused_with_a_suggestion(crossgen):
    with pytest.raises(UnknownMetric, match="Did you mean accuracy"):
        find_metric("acuracy")
    code, _, err = crossgen("matrix", "--metric", "acuracy")
    assert code == 2
    assert "Did you mean accuracy" in err
