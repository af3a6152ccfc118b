"""Thresholds and temperatures of validation, and reals kept apart, from a store to `cells`."""

import os
import shutil

import numpy as np
import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring.metric_registry import known_metrics
from analysis.measuring.validation_scores import Validations
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from grid.records.commits import read_commits
from grid.records.places import manifest_key, validation_key
from grid.records.stored_experiments import experiment_digest, write_experiment
from grid.records.tables import read_validation
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="set",
    detectors=(SyntheticDetector(name="npr"),),
    generators=2,
    seeds=1,
    images=300,
    seen=4,
    unreadable=3,
    degradations=("none",),
)
OF_VALIDATION = [
    each.name for each in known_metrics() if each.needs in ("validation", "calibrated")
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("written") / "store")
    experiment = write_synthetic_store(store, GRID)
    query(store, "SELECT 1 FROM cells")
    return store, experiment


@pytest.fixture
def stored(written, tmp_path):
    """A store of the test's own in which nothing is measured yet: nothing overwrites in place."""
    shutil.copytree(written[0].root, tmp_path / "store", copy_function=os.link)
    shutil.rmtree(tmp_path / "store" / "derived")
    return open_store(tmp_path / "store"), written[1]


def rows(store, sql, **which):
    return query(store, sql, **which).to_pylist()


def test_a_threshold_of_validation_reals_is_that_of_their_file(written):
    store, _ = written
    for cell in rows(store, "SELECT * FROM cells"):
        commit = read_commits(store)[cell["fit_id"]]
        kept = read_validation(store, cell["fit_id"], commit["attempt"])
        reals = kept["logit"].to_numpy()[kept["label"].to_numpy() == 0]
        threshold = np.sort(reals)[-6]  # of 100 reals five are above
        scores = (
            "SELECT avg(((logit > {t}) = (s.label = 1))::int) share FROM scores s "
            "JOIN images i USING (pool_id, image) WHERE s.fit_id = '{fit}' AND NOT seen "
            "AND logit IS NOT NULL AND i.generator = '{generator}'"
        ).format(t=repr(float(threshold)), fit=cell["fit_id"], generator=cell["generator"])
        [expected] = rows(store, scores)
        assert cell["accuracy_at_fpr5_validation"] == pytest.approx(expected["share"])
        assert cell["accuracy_at_fpr5_validation"] != cell["accuracy"]


def test_reals_apart_are_those_that_sql_can_name(written):
    store, _ = written
    for cell in rows(store, "SELECT * FROM cells"):
        sql = (
            "SELECT right(i.image_id, 1) < '8' apart, s.label, list(logit ORDER BY logit) logits "
            "FROM scores s JOIN images i USING (pool_id, image) WHERE NOT seen "
            f"AND logit IS NOT NULL AND s.fit_id = '{cell['fit_id']}' "
            f"AND i.generator = '{cell['generator']}' GROUP BY ALL"
        )
        found = {(row["label"], row["apart"]): np.array(row["logits"]) for row in rows(store, sql)}
        apart, others = found[0, True], found[0, False]
        assert 100 < apart.size < 200
        threshold = apart[-1 - apart.size // 20]
        fakes = np.concatenate([found[1, True], found[1, False]])
        right = [np.mean(others <= threshold), np.mean(fakes > threshold)]
        expected = np.average(right, weights=[cell["n_real"], cell["n_fake"]])
        assert cell["accuracy_at_fpr5_held_out"] == pytest.approx(expected)


def test_validation_speaks_of_the_epoch_that_it_selected_alone(written):
    store, experiment = written
    validations = Validations(StoreSelection.of(store, [experiment]))
    for fit_id, commit in read_commits(store).items():
        assert validations.of(fit_id, commit["selected_epoch"]) is not None
        assert validations.of(fit_id, commit["last_epoch"]) is None


def test_what_validated_on_the_test_sets_sets_no_threshold(stored):
    store, experiment = stored
    fits = [
        {**fit, "recipe": {**fit["recipe"], "validate_on": "test_sets"}}
        for fit in experiment["fits"]
    ]
    oracle = {**experiment, "name": "oracle", "fits": fits, "digest": ""}
    write_experiment(store, {**oracle, "digest": experiment_digest(oracle)})
    names = ", ".join(f"count({name}) {name}" for name in OF_VALIDATION)
    sql = f"SELECT count(auc) auc, {names} FROM cells"
    assert rows(store, sql, experiment="oracle") == [{"auc": 4, **dict.fromkeys(OF_VALIDATION, 0)}]


def test_a_validation_that_is_gone_leaves_other_metrics_as_they_are(stored):
    store, _ = stored
    for fit_id, commit in read_commits(store).items():
        store.delete(validation_key(fit_id, commit["attempt"]))
    [found] = rows(
        store, "SELECT count(auc) auc, count(ece) ece, count(ece_calibrated) c FROM cells"
    )
    assert found == {"auc": 4, "ece": 4, "c": 0}


@pytest.mark.parametrize("what", ["validation", "manifest"])
def test_what_a_damaged_file_leaves_open_is_not_kept_as_undefined(stored, what, caplog):
    store, experiment = stored
    sql = "SELECT accuracy_at_fpr5_validation a, accuracy_at_fpr5_held_out h FROM cells"
    first = experiment["fits"][0]["fit_id"]
    if what == "validation":
        key = validation_key(first, read_commits(store)[first]["attempt"])
    else:
        key = manifest_key(experiment["test_sets"][0]["real_pools"][0])
    sound = store.get(key)
    store.put_checkpoint(key, sound[:100] + bytes([sound[100] ^ 1]) + sound[101:])
    damaged = rows(store, sql)
    assert sum(row["a"] is None or row["h"] is None for row in damaged) == 2
    assert key in caplog.text
    store.put_checkpoint(key, sound)
    assert all(row["a"] is not None and row["h"] is not None for row in rows(store, sql))
