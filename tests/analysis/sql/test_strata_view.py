"""The view `strata`: its counts and AUC are those of `scores` joined with `images`."""

import time

import pytest
from scipy.stats import mannwhitneyu
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring.strata import StrataOfCells
from analysis.sql.query import query
from analysis.statistics.proportions import wilson
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="strata",
    detectors=(SyntheticDetector(name="npr", skill=2.0),),
    generators=2,
    seeds=2,
    images=60,
    classes=3,
    formats=("JPEG", "PNG"),
    seen=7,
    unreadable=4,
)
KEYS = "fit_id, test_set, degradation"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("strata") / "store")
    return store, write_synthetic_store(store, GRID)


def rows(store, sql):
    return query(store, sql).to_pylist()


def test_counts_are_those_of_the_scores(stored):
    store, _ = stored
    counted = rows(
        store,
        'SELECT s.fit_id, i.generator, s.degradation, i."class" AS stratum, '
        "count(*) FILTER (s.label = 0) AS n_real, count(*) FILTER (s.label = 1) AS n_fake, "
        "count(*) FILTER (s.label = 0 AND s.logit > 0) AS n_real_wrong, "
        "count(*) FILTER (s.label = 1 AND s.logit > 0) AS n_fake_right "
        "FROM scores s JOIN images i USING (pool_id, image) "
        "WHERE s.logit IS NOT NULL AND NOT s.seen GROUP BY ALL",
    )
    wanted = {
        (r.pop("fit_id"), r.pop("generator"), r.pop("degradation"), r.pop("stratum")): r
        for r in counted
    }
    found = rows(store, "SELECT * FROM strata WHERE axis = 'class'")
    assert len(found) == len(wanted) == 2 * 2 * 2 * 2 * 3
    for row in found:
        counts = wanted[row["fit_id"], row["generator"], row["degradation"], row["stratum"]]
        assert {name: row[name] for name in counts} == counts
        for rate, of, n in (("fpr", "n_real_wrong", "n_real"), ("tpr", "n_fake_right", "n_fake")):
            interval = wilson(row[of], row[n])
            assert row[rate] == pytest.approx(row[of] / row[n], abs=1e-12)
            assert (row[f"{rate}_low"], row[f"{rate}_high"]) == (interval.low, interval.high)


def test_auc_is_of_the_stratums_reals_and_fakes(stored):
    store, experiment = stored
    fit = experiment["fits"][0]["fit_id"]
    where = f"fit_id = '{fit}' AND degradation = 'none'"
    images = rows(
        store,
        'SELECT i.generator, i."class", s.label, s.logit FROM scores s JOIN images i '
        f"USING (pool_id, image) WHERE s.{where} AND s.logit IS NOT NULL AND NOT s.seen",
    )
    found = rows(store, f"SELECT * FROM strata WHERE {where} AND axis = 'class'")
    assert len(found) == 6
    for row in found:
        of_stratum = [
            r for r in images if (r["generator"], r["class"]) == (row["generator"], row["stratum"])
        ]
        sides = [[r["logit"] for r in of_stratum if r["label"] == label] for label in (1, 0)]
        expected = mannwhitneyu(*sides).statistic / len(sides[0]) / len(sides[1])
        assert row["auc"] == pytest.approx(expected, abs=1e-12)
        assert row["auc_low"] < row["auc"] <= row["auc_high"]


def test_a_stratum_of_one_class_alone_has_no_auc_and_no_other_rate(stored):
    found = rows(
        stored[0],
        "SELECT DISTINCT stratum, tpr, fpr, auc FROM strata "
        "WHERE axis = 'format' AND (tpr IS NULL OR fpr IS NULL)",
    )
    assert {r["stratum"] for r in found} == {"JPEG", "PNG"}
    for row in found:
        assert (row["tpr"] is None) == (row["stratum"] == "JPEG")
        assert (row["fpr"] is None) == (row["stratum"] == "PNG")
        assert row["auc"] is None


def test_all_fakes_stand_against_each_real_source(stored):
    store, _ = stored
    found = rows(store, "SELECT * FROM strata WHERE axis = 'real_source'")
    cells = {tuple(r[k] for k in KEYS.split(", ")): r for r in rows(store, "SELECT * FROM cells")}
    assert len(found) == len(cells)
    for row in found:
        cell = cells[tuple(row[k] for k in KEYS.split(", "))]
        assert (row["n_real"], row["n_fake"]) == (cell["n_real"], cell["n_fake"])
        assert row["auc"] == pytest.approx(cell["auc"], abs=1e-12)
        assert row["stratum"] == f"{row['generator']}/nature"


@pytest.mark.parametrize(
    ("where", "cells"),
    [
        ("degradation = 'none'", 8),
        ("degradation = 'none' AND test_set = 'synthetic/adm' AND axis = 'size'", 4),
        ("seed = 1 AND axis IN ('size', 'format')", 8),
        ("fit_id = 'no such'", 0),
    ],
)
def test_a_where_says_what_is_computed(stored, monkeypatch, where, cells):
    store, _ = stored
    every = "WITH every AS MATERIALIZED (FROM strata) SELECT * FROM every"
    wanted = rows(store, f"{every} WHERE {where} ORDER BY ALL")
    computed, axes = [], set()
    sides, counted = StrataOfCells.sides, StrataOfCells.counted

    def noted_sides(self, *arguments):
        computed.append(arguments)
        return sides(self, *arguments)

    def noted_axes(self, both, asked):
        axes.update(asked)
        return counted(self, both, asked)

    monkeypatch.setattr(StrataOfCells, "sides", noted_sides)
    monkeypatch.setattr(StrataOfCells, "counted", noted_axes)
    assert rows(store, f"SELECT * FROM strata WHERE {where} ORDER BY ALL") == wanted
    assert len(computed) == cells
    assert "axis =" not in where or axes <= {"size"}


def test_behind_a_limit_nothing_is_computed_ahead(stored, monkeypatch):
    """A thread that still computes when the process ends makes Python abort it."""
    store, _ = stored
    computed, original = [], StrataOfCells.sides

    def slow(self, cell, leakage):
        time.sleep(0.05)  # long enough for another thread to be seen at work
        computed.append(cell)
        return original(self, cell, leakage)

    monkeypatch.setattr(StrataOfCells, "sides", slow)
    assert len(rows(store, "SELECT fit_id, fpr FROM strata LIMIT 1")) == 1
    at_once = len(computed)
    time.sleep(0.15)
    assert len(computed) == at_once < 16


def test_a_damaged_file_is_left_out_and_named(tmp_path, caplog):
    store = open_store(tmp_path / "store")
    write_synthetic_store(store, SyntheticGrid(generators=1, seeds=1, images=20))
    piece = sorted((tmp_path / "store" / "scores").rglob("*.parquet"))[0]
    piece.chmod(0o644)
    piece.write_bytes(piece.read_bytes()[:-9])
    before = len(rows(store, "SELECT DISTINCT fit_id, test_set, degradation FROM strata"))
    assert before == 3
    assert piece.stem in caplog.text
