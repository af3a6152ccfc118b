"""What a fit is predicted to take, from what its like took in the store."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan import cost
from grid.plan.cost import Costs, kind_of_work, work_of
from grid.plan.plan import make_plan, make_trials, prepare
from grid.plan.trial_specs import slot_taken
from grid.records.tables import write_provenance
from grid.store.opening import open_store
from grid.trial.contract import Work


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


GPU = "NVIDIA H100 80GB HBM3"
KIND = kind_of_work({"detector": "npr"})


@pytest.fixture
def costs_of(tmp_path):
    """Return a function: what a store teaches that holds commits, each with its provenance."""
    store = open_store(tmp_path / "costs")

    def of(**fits):
        commits = {}
        for fit_id, (made, facts) in fits.items():
            commits[fit_id] = {**made, "fit_id": fit_id, "attempt": "a"}
            if facts is not None:
                write_provenance(store, fit_id, "a", facts)
        return Costs(store, commits)

    return of


def test_seconds_per_trained_image_are_the_median_of_the_like(costs_of):
    cpu = {"device": "cpu"}
    costs = costs_of(a=(commit(40.0), cpu), b=(commit(400.0), cpu), c=(commit(80.0), cpu))
    assert costs.rates(KIND) == {"cpu": [0.1, 1.0, 0.2]}
    assert costs.predict(Work(KIND, 10, 0.0), "cpu") == pytest.approx(2.0)
    assert costs.predict(Work(KIND, 100, 150), "cpu") == pytest.approx(0.2 * (100 + 150 / 3))
    assert costs.predict(Work("another", 100, 150), "cpu") is None


def test_a_budget_in_steps_is_counted_in_steps(costs_of):
    recipe = {"recipe": {"steps": 50, "batch_size": 8}}
    costs = costs_of(a=(commit(40.0, recipe, last_epoch=1), {"device": "cpu"}))
    assert costs.rates(kind_of_work({"detector": "npr", **recipe})) == {"cpu": [0.1]}


def test_a_gpus_seconds_predict_no_cpus_and_the_other_way_round(costs_of):
    work = Work(KIND, 10, 0.0)
    on_gpu, on_cpu = (commit(4.0), {"device": GPU}), (commit(400.0), {"device": "cpu"})
    both = costs_of(a=on_gpu, b=on_cpu)
    assert both.predict(work, "cpu") == pytest.approx(10.0)
    assert both.predict(work, GPU) == pytest.approx(0.1)
    assert both.predict(work, "another GPU") is None
    assert both.predict(work, None) is None, "which of the two is not known"
    assert costs_of(a=on_gpu).predict(work, "cpu") is None
    assert costs_of(b=on_cpu).predict(work, GPU) is None
    assert costs_of(a=on_gpu).predict(work, None) == pytest.approx(0.1)


def test_a_fit_that_ran_on_two_devices_or_nobody_knows_where_teaches_nothing(costs_of):
    attempts = [{"device": "cpu"}, {"device": GPU}]
    two = commit(4.0), {"device": GPU, "attempts": attempts}
    costs = costs_of(two=two, silent=(commit(4.0), {}), lost=(commit(4.0), None))
    assert costs.rates(KIND) == {}


def test_of_thousands_alike_a_dozen_are_asked(costs_of):
    costs = costs_of(**{f"f{i}": (commit(4.0), {"device": "cpu"}) for i in range(40)})
    assert 10 <= len(costs.rates(KIND)["cpu"]) <= 12


def test_a_plan_on_another_device_than_the_stores_knows_no_time(plan, monkeypatch):
    assert all(fit.alike_ran for fit in plan(seeds=[5]).fits)
    monkeypatch.setattr("grid.plan.plan.expected_device", lambda *, asks_for_no_gpu: GPU)
    assert not any(fit.alike_ran for fit in plan(seeds=[5]).fits)


def test_options_are_alike_in_any_order_and_precision_matters():
    one = {"detector": "d", "options": {"a": 1, "b": 2}}
    other = {"options": {"b": 2, "a": 1}, "detector": "d", "seed": 3}
    assert kind_of_work(one) == kind_of_work(other)
    assert kind_of_work(one) != kind_of_work({**one, "recipe": {"precision": "bfloat16"}})
    for key in ("options", "train_geometry", "validation_geometry", "augment"):
        assert kind_of_work(one) != kind_of_work({**one, key: "another"}), key


def test_another_experiment_of_the_store_is_learnt_from(plan):
    again = plan(name="another", seeds=[5])
    assert {fit.commit for fit in again.fits} == {None}
    assert all(fit.predicted_s for fit in again.fits)
    assert again.predicted_s == sum(fit.predicted_s for fit in again.fits)
    assert not again.estimated


@pytest.mark.parametrize(("others", "read"), [(2, [0, 1]), (3, [0, 2]), (5, [0, 3])])
def test_of_many_commits_a_bounded_number_is_read_spread_over_all(monkeypatch, others, read):
    """Of fits of the same detector, by their ids."""
    ids = [f"npr-s{n}-0" for n in range(others)]
    asked = []
    monkeypatch.setattr(cost, "OTHERS_READ", 2)
    monkeypatch.setattr(cost, "committed_fits", lambda _: {*ids, "cnn-s0-0", "own"})
    monkeypatch.setattr(cost, "readable_commits", lambda _, some: asked.extend(some) or ({}, {}))
    description = {"detector": "npr"}
    missing = SimpleNamespace(card=SimpleNamespace(name="npr"), description=description)
    cost.costs_in(None, {"own": commit(4.0, {"detector": "cnn"})}, [missing])
    assert asked == [ids[n] for n in read]
    cost.costs_in(None, {"own": commit(4.0, description)}, [missing])
    assert len(asked) == len(read), "its kind is known already"


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
    twice = plan(seeds=[7], test={"sets": ["g"], "epochs": [1, 2]})
    assert twice.fits[0].work.scored_images == 2 * 24, "once for each epoch"


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


@pytest.mark.parametrize(
    ("device", "resources", "slot"),
    [
        (GPU, {}, (1.0, 1.0)),
        (GPU, {"gpu": 0.25, "cpu": 4}, (0.25, 4.0)),
        ("cpu", {"gpu": 0.25, "cpu": 4}, (0.0, 4.0)),
        (None, {}, (0.0, 1.0)),
    ],
)
def test_what_is_missing_takes_hours_by_its_share(plan, device, resources, slot):
    found = plan(resources={"simple_cnn": resources} if resources else {}, seeds=[7])
    fit = found.missing[0].fit
    assert slot_taken(found.expansion.experiment, fit, device) == slot
    missing = [
        replace(each, predicted_s=7200.0, gpu_share=slot[0], cpu_share=slot[1])
        for each in found.fits
    ]
    hours = replace(found, fits=tuple(missing)).predicted_hours
    count = len(missing)
    assert hours == (2 * count * slot[0], 0.0 if slot[0] else 2 * count * slot[1])
