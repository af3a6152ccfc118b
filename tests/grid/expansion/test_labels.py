"""Names of fits: short where that suffices, and never two alike in one experiment."""

import pytest
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare


@pytest.fixture
def labels(finished_run, cache):
    """Return the labels of the fits on g1 that the shared experiment with a changed arm has."""

    def of(**changes):
        raw = yaml.safe_load(finished_run.file.read_text())
        [arm] = raw["arms"]
        raw["arms"] = [{**arm, "train": {"sets": ["g/g1"]}, **changes}]
        expansion = prepare(parse_experiment(raw, base=finished_run.folder), cache_dir=cache)
        found = [fit.label for fit in expansion.fits.values()]
        assert len(set(found)) == len(found)
        assert [record["label"] for record in experiment_fits(expansion)] == found
        return found

    return of


def experiment_fits(expansion):
    from grid.plan.record_experiment import experiment_record

    return experiment_record(expansion)["fits"]


ALONE = "simple_cnn(size=tiny) / g/g1 / seed 0"


def test_a_fit_alone_has_a_short_name(labels):
    assert labels() == [ALONE]


def test_recipes_of_one_name_are_told_apart_by_their_values(labels):
    small = {"base": "small", "batch_size": 8}
    recipes = [{**small, "epochs": 2}, {**small, "epochs": 3}, {**small, "epochs": 3, "lr": 2e-3}]
    assert labels(recipe=recipes) == [
        f"{ALONE} / lr=0.001, epochs=2",
        f"{ALONE} / lr=0.001, epochs=3",
        f"{ALONE} / lr=0.002, epochs=3",
    ]


def test_recipes_of_two_names_are_told_apart_by_name(labels):
    assert labels(recipe=["small", "common"]) == [
        f"{ALONE} / recipe=small",
        f"{ALONE} / recipe=common",
    ]


def test_geometries_are_told_apart(labels):
    inputs = [{"train": f"random_crop({px}, step=2)", "test": "none"} for px in (8, 16)]
    assert labels(input=inputs) == [
        f"{ALONE} / input=random_crop(8, step=2)",
        f"{ALONE} / input=random_crop(16, step=2)",
    ]


def test_what_has_a_name_already_gets_no_more(labels):
    assert labels(augment=["none", "hflip"], seeds=[0, 1]) == [
        ALONE,
        "simple_cnn(size=tiny) / g/g1 / seed 1",
        "simple_cnn(size=tiny) / g/g1 / hflip / seed 0",
        "simple_cnn(size=tiny) / g/g1 / hflip / seed 1",
    ]
