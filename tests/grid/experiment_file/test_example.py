"""The commented example file is one that works: read, expanded and planned as it stands."""

import pytest
from repository import ROOT

from grid.experiment_file.loading import load_experiment
from grid.plan.plan import make_plan, prepare
from grid.store.opening import open_store

EXPERIMENTS = ROOT / "grid" / "experiments"


@pytest.fixture
def planned(make_genimage, tmp_path, monkeypatch):
    make_genimage(tmp_path / "data" / "gans", {"dcgan": 1, "mygan": 2}, train=300, size=32)
    make_genimage(tmp_path / "data" / "diffusion", {"ddpm": 3}, train=300, size=64)
    monkeypatch.setenv("DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RESULTS", str(tmp_path / "results"))
    experiment = load_experiment(EXPERIMENTS / "example.yaml")
    expansion = prepare(experiment, cache_dir=tmp_path / "cache")
    return make_plan(expansion, open_store(tmp_path / "results" / "forensics"))


def test_the_example_expands_to_what_its_comments_say(planned):
    by_arm: dict[str, int] = {}
    for fit_plan in planned.fits:
        for arm in fit_plan.fit.arms:
            by_arm[arm] = by_arm.get(arm, 0) + 1
    seeds = 5
    assert by_arm == {
        "single": 3 * 2 * seeds,
        "union": 3 * seeds,  # two detectors x two augmentations, less what is excluded
        "left-out": 2 * seeds,
        "tuned": 1 * seeds,
        "staged.stage1": 1 * seeds,
        "staged": 1 * seeds,
    }
    assert len(planned.expansion.test_sets) == 3
    assert len(planned.expansion.ensembles) == 2 * seeds


def test_the_stated_family_and_group_are_those_of_the_generator(planned):
    sources = {s.name: s for s in planned.expansion.catalog.all_sources()}
    mine = sources["gans/mygan"]
    assert (mine.family, mine.generator_group) == ("gan", "dcgan")


def test_a_tuned_fit_descends_from_the_parent_that_where_names(planned):
    fits = {f.fit.fit_id: f.fit for f in planned.fits}
    tuned = [f for f in fits.values() if f.arms == ("tuned",)]
    for fit in tuned:
        parent = fits[fit.parent]
        assert parent.training.label == "gans/dcgan"
        assert parent.options.factor == 0.5
        assert parent.seed == fit.seed


def test_every_shipped_experiment_is_valid(monkeypatch):
    monkeypatch.setenv("DATA", "/data")
    monkeypatch.setenv("RESULTS", "/results")
    files = sorted(EXPERIMENTS.glob("*.yaml"))
    assert files
    for file in files:
        assert load_experiment(file).name
