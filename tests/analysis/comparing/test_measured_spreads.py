"""Spreads of seeds and generators, from matrices whose values are known."""

import numpy as np
import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.measured_spreads import are_alike, measured_spreads, new_values
from analysis.matrices.matrix_making import matrices
from analysis.matrices.relations import UNSEEN
from analysis.selecting.selection import StoreSelection
from grid.store.opening import open_store

GRID = SyntheticGrid(
    detectors=(SyntheticDetector(name="npr"), SyntheticDetector(name="simple_cnn", skill=2.0)),
    generators=5,
    trained=3,
    seeds=2,
    images=80,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    store = open_store(str(tmp_path_factory.mktemp("spreads")))
    record = write_synthetic_store(store, GRID)
    return matrices(StoreSelection.of(store, [record]), record)


def test_values_are_of_generators_that_are_new(made):
    for matrix in made:
        values = new_values(matrix, "auc")
        assert values.shape == (2, 3, 5)
        for row, entries in enumerate(matrix.entries):
            for column, entry in enumerate(entries):
                own = values[:, row, column]
                if entry.relation in UNSEEN:
                    assert own.tolist() == [c.measured.metrics["auc"] for c in entry.cells]
                else:
                    assert np.isnan(own).all()


def test_methods_are_compared_under_one_degradation(made):
    assert len(made) == 4
    assert [are_alike(made[0], each) for each in made].count(True) == 2


def test_spreads_are_standard_deviations(made):
    found = measured_spreads(made, "auc")
    seeds, generators, training, tests = [], [], [], []
    for one in made:
        values = new_values(one, "auc")
        seeds += np.nanmean(values, axis=2).std(axis=0, ddof=1).tolist()
        for other in made:
            if other is one or not are_alike(one, other):
                continue
            difference = (values - new_values(other, "auc")).mean(axis=0)
            generators += [row[~np.isnan(row)].std(ddof=1) for row in difference]
            training.append(np.nanmean(difference, axis=1).std(ddof=1))
            tests.append(np.nanmean(difference, axis=0).std(ddof=1))
    names = ("seed", "generator", "training", "test")
    for name, each in zip(names, (seeds, generators, training, tests), strict=True):
        assert getattr(found, name) == pytest.approx(np.sqrt(np.mean(np.square(each)))), name


def test_one_method_has_seeds_alone(made):
    found = measured_spreads(made[:1], "auc")
    assert found.seed is not None
    assert (found.generator, found.training, found.test) == (None, None, None)
    assert measured_spreads([], "auc").seed is None
