"""What a fit is predicted to take, from what its like took in the store."""

import pytest
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.cost import kind_of_work, known_costs, work_of
from grid.plan.plan import make_plan, make_trials, prepare
from grid.store.opening import open_store


@pytest.fixture
def plan(finished_run, cache):
    """Return a function: the plan of the shared experiment with changes against its store."""

    def of(arm=None, **more):
        raw = {**yaml.safe_load(finished_run.file.read_text()), **more}
        raw["arms"] = [{**raw["arms"][0], **(arm or {})}]
        expansion = prepare(parse_experiment(raw, base=finished_run.folder), cache_dir=cache)
        return make_plan(expansion, open_store(finished_run.store))

    return of


def commit(seconds, description=None, **more):
    facts = {"n_train": 100, "last_epoch": 4, "seconds": seconds}
    return {**facts, "description": {"detector": "npr", **(description or {})}, **more}


def test_seconds_per_trained_image_are_the_median_of_the_like():
    costs = known_costs({str(i): commit(s) for i, s in enumerate((40.0, 400.0, 80.0))})
    [rates] = costs.per_image.values()
    assert sorted(rates) == [0.1, 0.2, 1.0]


def test_a_budget_in_steps_is_counted_in_steps():
    recipe = {"recipe": {"steps": 50, "batch_size": 8}}
    costs = known_costs({"a": commit(40.0, recipe, last_epoch=1)})
    assert list(costs.per_image.values()) == [[0.1]]


def test_options_are_alike_in_any_order_and_precision_matters():
    one = {"detector": "d", "options": {"a": 1, "b": 2}}
    other = {"options": {"b": 2, "a": 1}, "detector": "d", "seed": 3}
    assert kind_of_work(one) == kind_of_work(other)
    assert kind_of_work(one) != kind_of_work({**one, "recipe": {"precision": "bfloat16"}})


def test_another_experiment_of_the_store_is_learnt_from(plan):
    again = plan(name="another", seeds=[5])
    assert {fit.commit for fit in again.fits} == {None}
    assert all(fit.predicted_s for fit in again.fits)
    assert again.predicted_s == sum(fit.predicted_s for fit in again.fits)
    assert not again.estimated


def test_what_never_ran_is_estimated_from_the_detectors_own_figure(plan, monkeypatch, tmp_path):
    """By pixels; and a run's own clock and its commits know nothing of it."""
    new = plan(arm={"input": {"train": "random_crop(8)", "test": "none"}}, seeds=[5])
    assert new.estimated
    for fit in new.fits:
        rate = fit.fit.options.cpu_seconds_per_megapixel()
        work = 2 * 28 + 4 * 24 / 3  # epochs of images, and scored ones with four times the pixels
        assert fit.predicted_s == pytest.approx(rate * 64 / 1e6 * work)
    trials = make_trials(new, open_store(tmp_path / "other"))
    assert {(t.predicted_s, t.spec["predicted_training_s"]) for t in trials} == {(None, None)}
    monkeypatch.setattr(
        type(new.fits[0].fit.options), "cpu_seconds_per_megapixel", lambda self: None
    )
    unknown = plan(arm={"input": {"train": "random_crop(8)", "test": "none"}}, seeds=[5])
    assert unknown.predicted_s is None


def test_an_image_is_scored_at_the_cost_of_its_pixels(plan):
    """Trained on crops of 8 x 8, tested on 16 x 16 whole or shrunk to 8 x 8."""
    arm = {"input": {"train": "random_crop(8)", "test": "none"}}
    whole = plan(arm=arm, seeds=[7]).fits[0].work
    assert whole.scored_images == 4 * 24  # four times the pixels of 24 images
    shrunk = plan(arm=arm, seeds=[7], test={"sets": ["g"], "degradations": ["resize(8)"]})
    assert shrunk.fits[0].work.scored_images == 24


def test_what_is_left_of_a_trained_fit_is_its_missing_pieces(plan):
    more = plan(test={"sets": ["g"], "degradations": ["none", "jpeg(50)"]})
    for fit in more.fits:
        assert fit.committed
        assert (fit.missing_pieces, fit.work.trained_images) == (fit.pieces // 2, 0)
        assert fit.predicted_training_s is None
        assert fit.predicted_s > 0
    assert work_of(more.fits[0].fit, trains=True, scored_images=0).trained_images == 2 * 28


def test_pieces_that_two_arms_ask_for_are_counted_once(plan, finished_run, cache):
    raw = yaml.safe_load(finished_run.file.read_text())
    twin = {**raw["arms"][0], "name": "twin", "test": {"sets": ["g/g1"]}}
    raw |= {"arms": [*raw["arms"], twin], "seeds": [9]}
    expansion = prepare(parse_experiment(raw, base=finished_run.folder), cache_dir=cache)
    both = make_plan(expansion, open_store(finished_run.store))
    assert [fit.pieces for fit in both.fits] == [fit.pieces for fit in plan(seeds=[9]).fits]
