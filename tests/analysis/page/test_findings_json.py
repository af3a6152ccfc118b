"""findings.json: every number of it, computed again by SQL on `scores`, is the same."""

import json
import re

import pytest
from page_reader import Page
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.matrices.relations import UNSEEN
from analysis.measuring.metric_registry import find_metric
from analysis.page.findings_json import findings_json, findings_record
from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.page.sentences import number
from analysis.sql.query import query
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="numbers",
    detectors=(SyntheticDetector(name="npr", skill=2.0),),
    generators=3,
    seeds=2,
    images=60,
    seen=4,
    unreadable=3,
)
# The rank formula of the AUC (Mann and Whitney): mean ranks, ties sharing theirs.
OF_SCORES = """
WITH rows AS (
  SELECT s.fit_id, s.degradation, i.generator, s.label, s.logit
  FROM scores s JOIN images i USING (pool_id, image)
  WHERE s.logit IS NOT NULL AND NOT s.seen
), ranked AS (
  SELECT *, rank() OVER cell + (count(*) OVER same - 1) / 2.0 AS rank
  FROM rows
  WINDOW cell AS (PARTITION BY fit_id, degradation, generator ORDER BY logit),
         same AS (PARTITION BY fit_id, degradation, generator, logit)
), counted AS (
  SELECT fit_id, degradation, generator,
    count(*) FILTER (label = 0) AS n_real, count(*) FILTER (label = 1) AS n_fake,
    sum(rank) FILTER (label = 1) AS ranks,
    avg(CASE WHEN (logit > 0) = (label = 1) THEN 1.0 ELSE 0.0 END) AS accuracy
  FROM ranked GROUP BY ALL
)
SELECT *, (ranks - n_fake * (n_fake + 1) / 2.0) / (n_real * n_fake) AS auc FROM counted
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("numbers") / "store")
    return overview(store, write_synthetic_store(store, GRID))


@pytest.fixture(scope="module")
def found(shown):
    return json.loads(findings_json(shown))


@pytest.fixture(scope="module")
def by_sql(shown):
    rows = query(shown.evidence.selection.store, OF_SCORES).to_pylist()
    return {(r["fit_id"], r["degradation"], r["generator"]): r for r in rows}


def test_cells_are_those_of_sql_on_scores(found, by_sql):
    assert len(found["cells"]) == len(by_sql) == 2 * 3 * 3 * 2
    for cell in found["cells"]:
        row = by_sql[cell["fit_id"], cell["degradation"], cell["tested"]]
        assert cell["counts"]["n_real"] == row["n_real"]
        assert cell["counts"]["n_fake"] == row["n_fake"]
        for name in ("auc", "accuracy"):
            value, low, high = cell["metrics"][name]
            assert value == pytest.approx(row[name], abs=1e-12)
            has_interval = find_metric(name).interval is not None
            assert (low < high and low <= value <= high) if has_interval else low is None


def values_by_seed(found, by_sql, metric, degradation, relations):
    """Means per seed over the entries of some relations, from SQL's numbers alone."""
    cells = [
        cell
        for cell in found["cells"]
        if cell["degradation"] == degradation and cell["relation"] in relations
    ]
    seeds = sorted({cell["seed"] for cell in cells})
    values = {seed: [] for seed in seeds}
    for cell in cells:
        row = by_sql[cell["fit_id"], degradation, cell["tested"]]
        values[cell["seed"]].append(row[metric])
    return [sum(values[seed]) / len(values[seed]) for seed in seeds]


def test_entries_are_means_over_the_seeds_of_their_fits(found, by_sql):
    assert len(found["entries"]) == 3 * 3 * 2
    for entry in found["entries"]:
        assert len(entry["fits"]) == 2
        for name in ("auc", "accuracy"):
            one, other = (
                by_sql[fit, entry["degradation"], entry["tested"]][name] for fit in entry["fits"]
            )
            mean, sd, seeds = entry["metrics"][name]
            assert seeds == 2
            assert mean == pytest.approx((one + other) / 2, abs=1e-12)
            assert sd == pytest.approx(abs(one - other) / 2**0.5, abs=1e-12)


def test_means_and_robustness_are_those_of_sql(found, by_sql):
    degradations = {"npr, undegraded": "none", "npr, jpeg(75)": "jpeg(75)"}
    means = [each for each in found["sections"]["mean_table"] if "mean" in each]
    assert {tuple(each["relations"]) for each in means} >= {("trained",), UNSEEN}
    for each in means:
        values = values_by_seed(
            found, by_sql, each["metric"], degradations[each["matrix"]], each["relations"]
        )
        assert each["by_seed"] == pytest.approx(values, abs=1e-12)
        assert each["mean"] == pytest.approx(sum(values) / 2, abs=1e-12)
    drops = found["sections"]["robustness"]
    assert len(drops) == 4
    for each in drops:
        own = ("trained",) if each["scope"] == "trained generators" else UNSEEN
        plain, degraded = (
            values_by_seed(found, by_sql, each["metric"], degradation, own)
            for degradation in ("none", each["degradation"])
        )
        assert each["dropped_by"] == pytest.approx((sum(plain) - sum(degraded)) / 2, abs=1e-12)
        assert each["spread"]["mean"] == pytest.approx(sum(degraded) / 2, abs=1e-12)


def test_rows_and_columns_are_means_over_new_generators(found, by_sql):
    [lines] = [
        each
        for each in found["sections"]["mean_table"]
        if "rows" in each and each["matrix"] == "npr, undegraded"
    ]
    for cell_key, names in (("train", "rows"), ("tested", "columns")):
        for label, mean in lines[names].items():
            values = [
                by_sql[cell["fit_id"], "none", cell["tested"]]["auc"]
                for cell in found["cells"]
                if cell["degradation"] == "none"
                and cell[cell_key] == label
                and cell["relation"] in UNSEEN
            ]
            assert mean == pytest.approx(sum(values) / len(values), abs=1e-12)


def test_every_number_of_the_matrices_is_in_it(shown, found):
    """What the page prints of an entry is what the file says of it, rounded."""
    tables = [t for t in Page(report_page(shown)).tables if t[0].get("class") == "matrix"]
    entries = {(e["matrix"], e["train"], e["tested"]): e["metrics"] for e in found["entries"]}
    titles = [matrix.title for matrix in shown.matrices]
    per_matrix = len(tables) // len(titles)
    checked = 0
    for n, (attributes, lines) in enumerate(tables):
        heads = [text for _, text in lines[1]][1:]
        for line in (line for line in lines[2:] if len(line) > 1):
            for head, (_, text) in zip(heads, line[1:], strict=True):
                metrics = entries[titles[n // per_matrix], line[0][1], head]
                value = metrics[attributes["data-metric"]]
                assert text == ("–" if value is None else number(value[0]))
                checked += 1
    assert checked == len(tables) * 9


def test_the_same_store_gives_the_same_text_without_a_path(shown):
    store = shown.evidence.selection.store
    text = findings_json(shown)
    assert findings_json(overview(store, shown.experiment)) == text
    assert str(store.root) not in text
    assert json.loads(text) == findings_record(shown)
    assert not re.search(r"\b(NaN|Infinity)\b", text)


def test_what_is_missing_is_null(tmp_path):
    store = open_store(tmp_path / "store")
    grid = SyntheticGrid(name="half", generators=2, seeds=1, images=20, committed=0.5)
    shown = overview(store, write_synthetic_store(store, grid))
    found = json.loads(findings_json(shown))
    assert [each["sentence"] for each in found["findings"]] == [f.sentence for f in shown.findings]
    assert any("Nothing is measured yet" in each["refusal"] for each in found["findings"])
    missing = [cell for cell in found["cells"] if cell["metrics"] is None]
    assert len(missing) == len(found["cells"]) / 2
    assert all(cell["counts"] is None for cell in missing)
    assert sum(entry["missing"] for entry in found["entries"]) == len(missing)
    assert found["sections"]["completeness"]["missing_cells"] == len(missing)
    assert [each["kind"] for each in found["warnings"]][:2] == ["simulated", "incomplete"]
